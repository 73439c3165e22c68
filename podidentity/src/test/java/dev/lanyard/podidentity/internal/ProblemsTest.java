package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.diagnosis.Step;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.podidentity.internal.Exchanges.Names;
import dev.lanyard.spi.ExchangeException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What code and dashboards read of a failure: its id, its facts and its steps. */
class ProblemsTest {
  @TempDir private Path directory;

  @Test
  void eachIdIsWellFormedAndGivenOnce() throws Exception {
    List<String> ids = new ArrayList<>();
    for (Field field : Problems.class.getDeclaredFields()) {
      if (!field.isSynthetic() && field.getType() == String.class) {
        ids.add(String.valueOf(field.get(null)));
      }
    }

    assertThat(ids)
        .hasSizeGreaterThan(40)
        .doesNotHaveDuplicates()
        .allSatisfy(
            id -> {
              assertThat(id).matches("(POD|TOK|NET)-0\\d\\d");
              Problem problem = Problems.of(id, FailureKind.TRANSIENT, "no").build();
              assertThat(problem.id()).isEqualTo(id);
              assertThat(problem.page())
                  .contains("docs/errors/README.md#" + id.toLowerCase(Locale.ROOT));
            });
  }

  @Test
  void aMissingAssociationIsToldAsFactsAndAsACommand() throws Exception {
    Path file = Files.writeString(directory.resolve("token"), Tokens.TOKEN);
    try (Peer agent =
        Agents.answering(
            "404 Not Found", "[r-1]: (ResourceNotFoundException): None found, fault: client")) {
      ExchangeException failure =
          Exchanges.failure(
              new AgentExchange(
                  Endpoint.full(Agents.uri(agent), "the URI"),
                  new AuthorizationToken.File(file, "/the/token", Optional.empty()),
                  Exchanges.tls(),
                  Exchanges.LONGEST,
                  Names.of(Map.of())),
              new TestContext());

      Problem problem = failure.problem();
      assertThat(problem.id()).isEqualTo("POD-002");
      assertThat(problem.kind()).isEqualTo(FailureKind.REJECTED);
      assertThat(problem.summary()).isEqualTo(failure.getMessage());
      assertThat(problem.page()).contains("docs/errors/README.md#pod-002");
      assertThat(problem.facts())
          .extracting(Fact::toString)
          .containsExactly(
              "endpoint " + Agents.uri(agent),
              "token file /the/token",
              "namespace shop",
              "service account orders",
              "status 404",
              "code ResourceNotFoundException",
              "request id r-1");
      assertThat(problem.steps())
          .extracting(Step::command)
          .containsExactly(
              Optional.of(
                  "aws eks create-pod-identity-association --cluster-name CLUSTER --namespace shop"
                      + " --service-account orders --role-arn ROLE"),
              Optional.empty());
      assertThat(problem.remedy())
          .contains(
              "Create a Pod Identity association for service account orders in namespace shop: aws"
                  + " eks create-pod-identity-association --cluster-name CLUSTER --namespace shop"
                  + " --service-account orders --role-arn ROLE. A new association takes some"
                  + " seconds to take effect");
    }
  }

  @Test
  void aMissingAssociationOfATokenThatNamesNobodyHasNoCommand() throws Exception {
    try (Peer agent =
        Agents.answering(
            "404 Not Found", "[r-1]: (ResourceNotFoundException): None found, fault: client")) {
      Problem problem =
          Exchanges.failure(Exchanges.with(Agents.uri(agent), "opaque"), new TestContext())
              .problem();

      assertThat(problem.id()).isEqualTo("POD-002");
      assertThat(problem.facts())
          .extracting(Fact::name)
          .containsExactly("endpoint", "status", "code", "request id");
      assertThat(problem.remedy())
          .contains(
              "Create a Pod Identity association for this pod's service account. A new association"
                  + " takes some seconds to take effect");
      assertThat(problem.steps()).allSatisfy(step -> assertThat(step.command()).isEmpty());
    }
  }

  @Test
  void whatAnAnswerRepeatsOfTheTokenIsInNoFact() throws Exception {
    String signature = Tokens.TOKEN.substring(Tokens.TOKEN.lastIndexOf('.') + 1);
    try (Peer agent =
        Agents.answering("400 No", "[" + signature + "]: (" + signature + "): no, fault: client")) {
      Problem problem = Exchanges.failure(Agents.uri(agent)).problem();

      assertThat(problem.id()).isEqualTo("POD-001");
      assertThat(problem.facts())
          .extracting(Fact::name)
          .containsExactly("endpoint", "namespace", "service account", "status");
      assertThat(problem.facts().toString()).doesNotContain(Tokens.PIECES);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POD-001, 400 No, '[]: (NewException): no, fault: client'",
    "POD-003, 404 No, '[]: (ResourceNotFoundException): No cluster found for name: x.'",
    "POD-004, 400 No, '[]: (AccessDeniedException): perform: eks-auth:AssumeRoleForPodIdentity'",
    "POD-005, 400 No, '[]: (AccessDeniedException): Unauthorized Exception!, fault: client'",
    "POD-005, 500 No, 'EKS Auth: AccessDeniedException: Unauthorized Exception!'",
    "POD-006, 400 No, '[]: (ExpiredTokenException): Token is expired, fault: client'",
    "POD-006, 400 No, 'Service account token cannot be parsed: token is malformed'",
    "POD-006, 400 No, 'JWT signature validation failed'",
    "POD-007, 400 No, '[]: (InvalidRequestException): PackedPolicyTooLarge: 120 %'",
    "POD-008, 429 No, '[]: (ThrottlingException): Rate exceeded, fault: client'",
    "POD-009, 400 No, '{\"code\":\"InvalidIdInRequest\",\"message\":\"no\"}'",
    "POD-010, 503 No, '{\"code\":\"CredentialsUninitialized\",\"message\":\"no\"}'",
    "POD-011, 400 No, Service account token cannot be empty",
    "POD-013, 400 No, 'Service account token failed basic claim validations: not valid yet'",
    "POD-014, 403 No, Access Denied. Called agent through invalid address",
    "POD-015, 404 No, 404 page not found",
    "POD-016, 429 No, Too Many Requests",
    "POD-017, 500 No, []",
    "POD-018, 400 No, '[]: (InternalServerException): Oh, fault: server'",
    "POD-018, 408 No, ''",
    "POD-019, 302 Found, ''",
    "POD-020, 403 No, '<html>no</html>'",
    "POD-020, 200 OK, '{\"Code\":\"Failed\"}'",
    "POD-021, 502 No, '<html>no</html>'",
    "POD-022, 200 OK, '{}'",
    "POD-022, 200 OK, '<html>welcome</html>'",
  })
  void eachAnswerHasAnId(String id, String status, String body) throws Exception {
    try (Peer agent = Agents.answering(status, body)) {
      Problem problem = Exchanges.failure(Agents.uri(agent)).problem();

      assertThat(problem.id()).isEqualTo(id);
      assertThat(problem.fact("endpoint")).contains(Agents.uri(agent));
      assertThat(problem.fact("status")).contains(status.substring(0, 3));
      assertThat(problem.fact("namespace")).contains("shop");
      assertThat(problem.fact("service account")).contains("orders");
    }
  }

  @Test
  void aTokenWithASchemeHasAnIdOfItsOwn() throws Exception {
    try (Peer agent = Agents.answering("400 No", "Service account token cannot be parsed")) {
      assertThat(
              Exchanges.failure(
                      Exchanges.with(Agents.uri(agent), "Bearer " + Tokens.TOKEN),
                      new TestContext())
                  .problem()
                  .id())
          .isEqualTo("POD-012");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POD-016, 429 No, slower",
    "POD-017, 500 No, oh",
    "POD-017, 502 No, ''",
    "POD-020, 404 No, oh",
  })
  void anotherEndpointHasTheSameIds(String id, String status, String body) throws Exception {
    try (Peer agent = Agents.answering(status, body)) {
      assertThat(Exchanges.failure(agent.uri() + "/creds").problem().id()).isEqualTo(id);
    }
  }

  @Test
  void eachWayInWhichAConnectionFailsHasAnId() throws Exception {
    Map<String, String> answers =
        Map.of(
            "", "NET-006",
            "HTTP/1.1 100 Continue\r\n\r\n", "NET-006",
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", "NET-006",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "NET-006",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", "NET-008",
            "HTTP/1.1 abc OK\r\n\r\n", "NET-008",
            "SSH-2.0-OpenSSH_9.2\r\n", "NET-008");
    for (Map.Entry<String, String> answer : answers.entrySet()) {
      try (Peer agent = Peer.that(Behaviour.raw(answer.getKey()))) {
        Problem problem = Exchanges.failure(Agents.uri(agent)).problem();

        assertThat(problem.id()).as(answer.getKey()).isEqualTo(answer.getValue());
        assertThat(problem.kind()).isEqualTo(FailureKind.TRANSIENT);
        assertThat(problem.facts())
            .extracting(Fact::toString)
            .containsExactly(
                "endpoint " + Agents.uri(agent), "namespace shop", "service account orders");
      }
    }
  }

  @Test
  void anAddressThatATokenMustNotGoToIsAFact() {
    Names names = Names.of(Map.of("evil.example", new String[] {"10.0.0.1"}));
    Problem problem =
        Exchanges.failure(
                Exchanges.with("http://evil.example/", Tokens.TOKEN, names), new TestContext())
            .problem();

    assertThat(problem.id()).isEqualTo("NET-010");
    assertThat(problem.fact("address")).contains("10.0.0.1");
    assertThat(problem.fact("endpoint")).contains("http://evil.example");
  }
}
