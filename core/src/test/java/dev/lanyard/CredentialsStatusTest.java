package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.lanyard.CredentialsStatus.Health;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a test of a probe makes, and what it reads. */
class CredentialsStatusTest {
  private static final Instant AT = Instant.EPOCH;

  private static CredentialsStatus.Failure failure() {
    return CredentialsStatus.Failure.builder(
            "irsa",
            AT,
            Problem.builder("IRSA-003", FailureKind.REJECTED, "denied").step("Allow it").build())
        .code("AccessDenied")
        .status(403)
        .requestId("4711")
        .retryAfter(Duration.ofSeconds(7))
        .build();
  }

  private static CredentialsStatus.Builder full() {
    return CredentialsStatus.builder("irsa", Health.DEGRADED)
        .expiration(AT)
        .nextRefresh(AT.plusSeconds(1))
        .lastFailure(failure())
        .consecutiveFailures(2)
        .exchanges(3)
        .clockSkew(Duration.ofMinutes(1))
        .disbelievedDate(AT.plusSeconds(2));
  }

  @ParameterizedTest
  @CsvSource({"STARTING, false", "HEALTHY, true", "DEGRADED, true", "UNAVAILABLE, false"})
  void isUsableWhileUnexpiredCredentialsAreHeld(Health health, boolean usable) {
    assertThat(CredentialsStatus.builder("irsa", health).build().usable()).isEqualTo(usable);
  }

  @Test
  void holdsWhatItWasGiven() {
    CredentialsStatus status = full().build();

    assertThat(status.source()).isEqualTo("irsa");
    assertThat(status.expiration()).contains(AT);
    assertThat(status.nextRefresh()).contains(AT.plusSeconds(1));
    assertThat(status.consecutiveFailures()).isEqualTo(2);
    assertThat(status.exchanges()).isEqualTo(3);
    assertThat(status.clockSkew()).contains(Duration.ofMinutes(1));
    assertThat(status.disbelievedDate()).contains(AT.plusSeconds(2));
    CredentialsStatus.Failure failure = status.lastFailure().orElseThrow();
    assertThat(failure.problem().id()).isEqualTo("IRSA-003");
    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure.message()).isEqualTo("denied");
    assertThat(failure.remedy()).contains("Allow it");
    assertThat(failure.code()).contains("AccessDenied");
    assertThat(failure.status()).hasValue(403);
    assertThat(failure.requestId()).contains("4711");
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(7));
  }

  @Test
  void isEqualByItsValues() {
    assertThat(full().build()).isEqualTo(full().build()).hasSameHashCodeAs(full().build());
    assertThat(full().exchanges(4).build()).isNotEqualTo(full().build());
    assertThat(full().lastFailure(null).build()).isNotEqualTo(full().build());
    assertThat(failure()).isEqualTo(failure()).hasSameHashCodeAs(failure());
    assertThat(full().build().toString()).contains("irsa", "DEGRADED", "IRSA-003");
  }

  @Test
  void refusesNumbersThatCannotBe() {
    assertThatIllegalArgumentException().isThrownBy(() -> full().exchanges(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> full().consecutiveFailures(-1));
  }
}
