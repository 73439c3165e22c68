package dev.lanyard.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Equality is identity, and of what is hidden nothing is kept that gives it back. */
class EvidenceTest {
  private static final String SECRET = "/v2/credentials/4711";

  private static Evidence hidden(String value) {
    return Evidence.builder().fact("endpoint", "http://agent").hidden("path", value).build();
  }

  /** All that an evidence consists of. */
  private static String inside(Evidence evidence) throws ReflectiveOperationException {
    StringBuilder text = new StringBuilder();
    for (Field field : Evidence.class.getDeclaredFields()) {
      field.setAccessible(true);
      text.append(field.get(evidence)).append('\n');
    }
    return text.toString();
  }

  @Test
  void hiddenFactsCountInEquality() {
    assertThat(hidden("tenantAa"))
        .isEqualTo(hidden("tenantAa"))
        .hasSameHashCodeAs(hidden("tenantAa"));
    assertThat(hidden("tenantAa")).isNotEqualTo(hidden("tenantBB"));
    assertThat(hidden("tenantAa"))
        .isNotEqualTo(Evidence.builder().fact("endpoint", "http://agent").build());
  }

  @Test
  void namesAndOrderCountToo() {
    Evidence one = Evidence.builder().fact("a", "1").fact("b", "2").build();

    assertThat(one).isNotEqualTo(Evidence.builder().fact("b", "2").fact("a", "1").build());
    assertThat(one).isNotEqualTo(Evidence.builder().fact("a", "2").fact("b", "1").build());
    assertThat(one).isNotEqualTo(Evidence.builder().fact("a", "1, b 2").build());
    assertThat(Evidence.builder().fact("a", "1").build())
        .isNotEqualTo(Evidence.builder().hidden("a", "1").build());
  }

  @Test
  void aHiddenValueIsNotKeptNorAnythingThatGivesItBackOutsideTheProcess() throws Exception {
    String digest =
        HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256")
                    .digest(SECRET.getBytes(StandardCharsets.UTF_8)));

    assertThat(inside(hidden(SECRET)))
        .contains("http://agent")
        .doesNotContain("4711", digest, Integer.toHexString(SECRET.hashCode()));
    assertThat(hidden(SECRET)).hasToString("endpoint http://agent");
  }
}
