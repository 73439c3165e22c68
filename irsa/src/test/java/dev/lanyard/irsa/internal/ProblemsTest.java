package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProblemsTest {
  private static List<String> ids() throws IllegalAccessException {
    List<String> ids = new ArrayList<>();
    for (Field field : Problems.class.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
        ids.add((String) field.get(null));
      }
    }
    return ids;
  }

  @Test
  void allIdsAreUniqueAndOfOneOfTheFamilies() throws Exception {
    assertThat(ids())
        .hasSizeGreaterThan(60)
        .doesNotHaveDuplicates()
        .allMatch(id -> id.matches("(IRSA|TOK|STS|NET|PROXY|ROLE)-\\d{3}"));
  }

  @Test
  void eachHasItsPage() throws Exception {
    for (String id : ids()) {
      Problem problem = Problems.of(id, FailureKind.TRANSIENT, "x").build();

      assertThat(problem.id()).isEqualTo(id);
      assertThat(problem.page()).contains("docs/errors/README.md#" + id.toLowerCase(Locale.ROOT));
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachReasonOfStsIsAProblemWhicheverTheOperation(StsReason reason) throws Exception {
    assertThat(ids()).contains(reason.ofWebIdentity(), reason.ofSecondRole());
    assertThat(reason.ofWebIdentity()).doesNotStartWith("ROLE-");
    assertThat(reason.ofSecondRole()).doesNotStartWith("IRSA-");
  }
}
