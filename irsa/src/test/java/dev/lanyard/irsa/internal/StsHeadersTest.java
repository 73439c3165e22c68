package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of an answer's head may reach the SDK, and with it its log. */
class StsHeadersTest {
  private static final String ID = "58c5dbae-abef-11e0-8cfe-09039844ac7d";

  private static Map<String, List<String>> known(Map<String, List<String>> headers) {
    return StsHeaders.ofError(
        headers, text -> Optional.of(text).filter(said -> !said.contains("sent")));
  }

  @Test
  void aHeaderIsKnownByItsNameInAnyCaseAndByItsForm() {
    assertThat(
            known(
                Map.of(
                    "X-Amzn-RequestId", List.of(ID),
                    "DATE", List.of("Tue, 01 Jan 2030 00:00:00 GMT"),
                    "AGE", List.of("1800"),
                    "retry-after", List.of("12"))))
        .containsEntry("x-amzn-requestid", List.of(ID))
        .containsEntry("date", List.of("Tue, 01 Jan 2030 00:00:00 GMT"))
        .containsEntry("Retry-After", List.of("12"))
        .containsEntry("Age", List.of("1800"))
        .hasSize(4);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "Date, tomorrow",
    "Date, '2030-01-01T00:00:00Z'",
    "Age, -1",
    "Age, 1.5",
    "Retry-After, -1",
    "Retry-After, 1234567890",
    "Retry-After, soon",
    "x-amz-request-id, Mixed-Case",
    "x-amzn-RequestId, ''",
    "x-amzn-RequestId, sent",
    "Set-Cookie, a=b",
    "Location, 'https://elsewhere.example'",
    "x-amzn-ErrorType, AccessDenied",
  })
  void anyOtherIsPassedOnToNobody(String name, String value) {
    assertThat(known(Map.of(name, List.of(value)))).isEmpty();
  }

  @Test
  void ofOneThatComesTwiceTheFirstWithItsFormCounts() {
    assertThat(known(Map.of("Retry-After", List.of("soon", "3", "4"))))
        .containsExactly(Map.entry("Retry-After", List.of("3")));
  }

  @Test
  void ofASuccessTheTimesAreOfUse() {
    assertThat(
            StsHeaders.ofSuccess(
                Map.of(
                    "x-amzn-RequestId", List.of(ID),
                    "Date", List.of("Tue, 01 Jan 2030 00:00:00 GMT"),
                    "Age", List.of("1"))))
        .containsOnlyKeys("Date", "Age");
  }
}
