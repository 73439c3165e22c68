package dev.lanyard.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
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
    for (Fact fact : evidence.facts()) {
      for (Field field : Fact.class.getDeclaredFields()) {
        field.setAccessible(true);
        text.append(field.get(fact)).append('\n');
      }
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

  @Test
  void factsAreTold() {
    Evidence evidence =
        Evidence.builder()
            .fact("role", "orders", "environment variable AWS_ROLE_ARN")
            .fact("role", "second")
            .hidden("path", SECRET, "system property path")
            .build();

    assertThat(evidence.facts()).extracting(Fact::name).containsExactly("role", "role", "path");
    assertThat(evidence.fact("role")).contains("orders");
    assertThat(evidence.fact("path")).as("hidden").isEmpty();
    assertThat(evidence.fact("region")).isEmpty();
    assertThat(evidence.facts().get(0).origin()).contains("environment variable AWS_ROLE_ARN");
    assertThat(evidence.facts().get(1).origin()).isEmpty();
    assertThat(evidence.facts().get(2).origin()).contains("system property path");
    assertThat(evidence.facts().get(2)).hasToString("path");
    assertThat(evidence).hasToString("role orders, role second");
  }

  @Test
  void whereAValueCameFromDoesNotCount() {
    Evidence variable = Evidence.builder().fact("role", "orders", "variable").build();
    Evidence given = Evidence.builder().fact("role", "orders").build();

    assertThat(variable).isEqualTo(given).hasSameHashCodeAs(given);
    assertThat(Evidence.builder().hidden("path", SECRET, "variable").build())
        .isEqualTo(Evidence.builder().hidden("path", SECRET).build());
  }

  @Test
  void whatCannotBeComparedEqualsNothingButItself() {
    Evidence one = Evidence.builder().fact("role", "orders").incomparable().build();
    Evidence other = Evidence.builder().fact("role", "orders").incomparable().build();
    Evidence comparable = Evidence.builder().fact("role", "orders").build();

    assertThat(List.of(one)).contains(one).doesNotContain(other, comparable);
    assertThat(comparable).isNotEqualTo(one);
    assertThat(one.isComparable()).isFalse();
    assertThat(comparable.isComparable()).isTrue();
    Evidence chained = Evidence.builder().basedOn("irsa", one).build();
    assertThat(chained.isComparable()).as("what is based on it").isFalse();
    assertThat(chained).isNotEqualTo(Evidence.builder().basedOn("irsa", one).build());
  }

  @Test
  void theBasisCountsAndIsTold() {
    Evidence pod = Evidence.builder().fact("endpoint", "http://agent").build();
    Evidence second = Evidence.builder().fact("role", "two").basedOn("pod-identity", pod).build();
    Evidence third =
        Evidence.builder().fact("role", "three").basedOn("assume-role", second).build();

    assertThat(second)
        .isEqualTo(Evidence.builder().fact("role", "two").basedOn("pod-identity", pod).build())
        .isNotEqualTo(Evidence.builder().fact("role", "two").basedOn("irsa", pod).build())
        .isNotEqualTo(Evidence.builder().fact("role", "two").build());
    assertThat(third)
        .hasToString(
            "role three, with the credentials of assume-role (role two, with the credentials of"
                + " pod-identity (endpoint http://agent))");
    Evidence first = third.basis().flatMap(Evidence::basis).orElseThrow();
    assertThat(first.fact(Evidence.SOURCE)).contains("pod-identity");
    assertThat(first.fact("endpoint")).contains("http://agent");
    assertThat(first.basis()).isEmpty();
    assertThat(Evidence.builder().basedOn("irsa", Evidence.builder().build()).build())
        .hasToString("with the credentials of irsa");
  }
}
