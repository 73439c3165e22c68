package dev.lanyard.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A problem is data first, and text for people second. */
class ProblemTest {
  private static Problem.Builder association() {
    return Problem.builder("POD-002", FailureKind.REJECTED, "the agent knows no association")
        .fact("namespace", "shop")
        .fact("service account", "orders")
        .step("Create an association", "aws eks create-pod-identity-association")
        .step("Wait some seconds")
        .page("docs/errors/POD-002.md");
  }

  @Test
  void tellsAllItsParts() {
    Problem problem = association().build();

    assertThat(problem.id()).isEqualTo("POD-002");
    assertThat(problem.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(problem.summary()).isEqualTo("the agent knows no association");
    assertThat(problem.facts())
        .extracting(Fact::toString)
        .containsExactly("namespace shop", "service account orders");
    assertThat(problem.fact("namespace")).contains("shop");
    assertThat(problem.fact("role")).isEmpty();
    assertThat(problem.steps())
        .extracting(Step::text)
        .containsExactly("Create an association", "Wait some seconds");
    assertThat(problem.steps().get(0).command())
        .contains("aws eks create-pod-identity-association");
    assertThat(problem.steps().get(1).command()).isEmpty();
    assertThat(problem.page()).contains("docs/errors/POD-002.md");
    assertThat(problem.remedy())
        .contains(
            "Create an association: aws eks create-pod-identity-association. Wait some seconds");
    assertThat(problem)
        .hasToString(
            "POD-002: the agent knows no association. Create an association: aws eks"
                + " create-pod-identity-association. Wait some seconds");
  }

  @Test
  void hasNoRemedyWithoutSteps() {
    Problem problem = Problem.builder("ONE-001", FailureKind.TRANSIENT, "slow").build();

    assertThat(problem.remedy()).isEmpty();
    assertThat(problem.page()).isEmpty();
    assertThat(problem).hasToString("ONE-001: slow");
  }

  @Test
  void isEqualByItsParts() {
    Problem problem = association().build();

    assertThat(problem).isEqualTo(association().build()).hasSameHashCodeAs(association().build());
    assertThat(problem.toBuilder().build()).isEqualTo(problem);
    assertThat(problem.toBuilder().summary("other").build()).isNotEqualTo(problem);
    assertThat(problem.toBuilder().fact("a", "b").build()).isNotEqualTo(problem);
    assertThat(problem.toBuilder().step("a").build()).isNotEqualTo(problem);
    assertThat(problem.toBuilder().page("a").build()).isNotEqualTo(problem);
    assertThat(problem)
        .isNotEqualTo(Problem.builder("POD-002", FailureKind.TRANSIENT, problem.summary()).build());
  }

  @Test
  void aStepIsItsTextAndItsCommand() {
    Problem one = Problem.builder("ONE-001", FailureKind.REJECTED, "x").step("a", "b").build();

    assertThat(one.steps())
        .isEqualTo(
            Problem.builder("TWO-001", FailureKind.REJECTED, "y").step("a", "b").build().steps())
        .isNotEqualTo(
            Problem.builder("ONE-001", FailureKind.REJECTED, "x").step("a", "c").build().steps())
        .isNotEqualTo(
            Problem.builder("ONE-001", FailureKind.REJECTED, "x").step("a").build().steps());
  }

  @Test
  void whatIsBuiltDoesNotChangeWithItsBuilder() {
    Problem.Builder builder = association();
    Problem problem = builder.build();

    builder.fact("late", "fact").step("late step");

    assertThat(problem.facts()).hasSize(2);
    assertThat(problem.steps()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "IRSA",
        "IRSA-3",
        "irsa-003",
        "IRSA-0003",
        "IRSA_003",
        "-003",
        "A--001",
        "3A-001",
        "A-00B",
        "A-001-",
        "A\u0660-001",
        "001"
      })
  void refusesAnIdThatIsNotOne(String id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Problem.builder(id, FailureKind.REJECTED, "x"))
        .withMessageContaining(id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"IRSA-003", "ACME-VAULT-001", "S3-100"})
  void takesIdsOfOthers(String id) {
    assertThat(Problem.builder(id, FailureKind.REJECTED, "x").build().id()).isEqualTo(id);
  }
}
