package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.TestTime;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * What the EKS Pod Identity Agent and the ECS agent say when they give no credentials, one test for
 * each of their answers, and what a caller reads in the exception that reaches it. Sources:
 * aws/eks-pod-identity-agent, pkg/errors and internal/validation; botocore, eks-auth/2023-11-26;
 * aws/amazon-ecs-agent, tmds handlers.
 */
class AgentContractTest {
  private static final FakeEks EKS = FakeEks.builder().clock(() -> TestContext.NOW).start();

  @AfterAll
  static void closeTheCluster() {
    EKS.close();
  }

  private static final String ID = "3f1c7a52-0c5e-4d0a-9d59-1d6c3f7e0a11";

  /** What the caller of a provider is told. */
  private record Told(CredentialsUnavailableException thrown) {
    private ExchangeException cause() {
      return (ExchangeException) Objects.requireNonNull(thrown.getCause());
    }

    Told of(FailureKind kind, int status, String code, String requestId) {
      assertThat(thrown.kind()).isEqualTo(kind);
      assertThat(cause().status()).hasValue(status);
      assertThat(cause().code()).isEqualTo(Optional.of(code).filter(c -> !c.isEmpty()));
      assertThat(cause().requestId()).isEqualTo(Optional.of(requestId).filter(i -> !i.isEmpty()));
      String inBrackets =
          "("
              + status
              + (code.isEmpty() ? "" : " " + code)
              + (requestId.isEmpty() ? "" : ", request " + requestId)
              + ")";
      assertThat(thrown).hasMessageContaining(inBrackets);
      return this;
    }

    Told saying(String words) {
      assertThat(thrown).hasMessageContaining("): " + words);
      return this;
    }

    Told withTheAdvice(String... parts) {
      for (String part : parts) {
        assertThat(cause().remedy()).hasValueSatisfying(r -> assertThat(r).contains(part));
        assertThat(thrown).hasMessageContaining(part);
      }
      assertThat(Exchanges.everythingIn(cause())).doesNotContain(Tokens.PIECES);
      return this;
    }
  }

  private static Told told(String status, String body) throws Exception {
    return told(Tokens.TOKEN, status, body + "\n", "Content-Type: text/plain; charset=utf-8");
  }

  private static Told told(String token, String status, String body, String... headers)
      throws Exception {
    Agents.says(EKS.agent(), status, body, headers);
    return toldAt(EKS.agent().endpoint(), token);
  }

  private static Told toldAt(URI uri, String token) {
    TestTime time = TestTime.create();
    PodIdentityCredentialsProvider provider =
        PodIdentityCredentialsProvider.builder()
            .environment(Environment.of(Map.of("AWS_CONTAINER_AUTHORIZATION_TOKEN", token)))
            .endpoint(uri)
            .time(time)
            .build();
    CompletableFuture<? extends AwsCredentialsIdentity> caller = provider.resolveIdentity();
    time.advance(Duration.ofSeconds(31));
    assertThat(caller).isCompletedExceptionally();
    try {
      throw new AssertionError("there are credentials: " + caller.join().accessKeyId());
    } catch (CompletionException e) {
      assertThat(e.getCause()).isInstanceOf(CredentialsUnavailableException.class);
      return new Told((CredentialsUnavailableException) Objects.requireNonNull(e.getCause()));
    }
  }

  // ---- The EKS Pod Identity Agent itself

  @Test
  void anAbsentToken() throws Exception {
    told("400 Bad Request", "Service account token cannot be empty")
        .of(FailureKind.REJECTED, 400, "", "")
        .saying("Service account token cannot be empty")
        .withTheAdvice(
            "Set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the path of this pod's projected token");
  }

  @Test
  void aTokenThatIsNone() throws Exception {
    told(
            "400 Bad Request",
            "Service account token cannot be parsed: token is malformed: token contains an invalid"
                + " number of segments")
        .of(FailureKind.REJECTED, 400, "", "")
        .saying("Service account token cannot be parsed: token is malformed")
        .withTheAdvice("projected token of this pod", "audience pods.eks.amazonaws.com");
  }

  @Test
  void aTokenWithASchemeBeforeIt() throws Exception {
    told(
            "Bearer " + Tokens.TOKEN,
            "400 Bad Request",
            "Service account token cannot be parsed: token is malformed: could not base64 decode"
                + " header: illegal base64 data at input byte 6\n")
        .of(FailureKind.REJECTED, 400, "", "")
        .saying("Service account token cannot be parsed: token is malformed: could not base64")
        .withTheAdvice("Remove the scheme, such as 'Bearer', from the token");
  }

  @Test
  void aTokenOfAnUnknownAlgorithm() throws Exception {
    told(
            "400 Bad Request",
            "Service account token cannot be parsed: token is unverifiable: signing method (alg) is"
                + " unavailable")
        .of(FailureKind.REJECTED, 400, "", "")
        .saying("Service account token cannot be parsed: token is unverifiable")
        .withTheAdvice("projected token of this pod");
  }

  @Test
  void anExpiredToken() throws Exception {
    told(
            "400 Bad Request",
            "Service account token failed basic claim validations: token is expired")
        .of(FailureKind.REJECTED, 400, "", "")
        .saying("Service account token failed basic claim validations: token is expired")
        .withTheAdvice("the kubelet can refresh it");
  }

  @Test
  void aTokenThatIsNotValidYet() throws Exception {
    told(
            "400 Bad Request",
            "Service account token failed basic claim validations: token is not valid yet")
        .of(FailureKind.REJECTED, 400, "", "")
        .saying("Service account token failed basic claim validations: token is not valid yet")
        .withTheAdvice("Correct the clock of this node");
  }

  @Test
  void aHostThatIsNotTheAgentsOwnAddress() throws Exception {
    told(
            "403 Forbidden",
            "Access Denied. Called agent through invalid address, please use either"
                + " [169.254.170.23 fd00:ec2::23] address not localhost")
        .of(FailureKind.REJECTED, 403, "", "")
        .saying("Access Denied. Called agent through invalid address")
        .withTheAdvice("Call the agent by its own address", "http://[fd00:ec2::23]/v1/credentials");
  }

  @Test
  void aPathThatTheAgentDoesNotKnow() throws Exception {
    told("404 Not Found", "404 page not found")
        .of(FailureKind.REJECTED, 404, "", "")
        .saying("404 page not found")
        .withTheAdvice("serves only /v1/credentials");
  }

  @Test
  void theAgentsOwnRateLimit() throws Exception {
    told("429 Too Many Requests", "Too Many Requests")
        .of(FailureKind.TRANSIENT, 429, "", "")
        .saying("Too Many Requests")
        .withTheAdvice("1000 requests a second", "Lanyard tries again");
  }

  @Test
  void noAnswerFromEksAuth() throws Exception {
    told("500 Internal Server Error", "[]")
        .of(FailureKind.TRANSIENT, 500, "", "")
        .withTheAdvice("interface endpoint for eks-auth", "kubectl -n kube-system logs");
    told("500 Internal Server Error", "[" + ID + "]")
        .of(FailureKind.TRANSIENT, 500, "", ID)
        .withTheAdvice("interface endpoint for eks-auth");
  }

  @Test
  void credentialsThatExpireTooSoonForTheAgent() throws Exception {
    told(
            "500 Internal Server Error",
            "error getting credentials to cache: fetched credentials are expired or will expire"
                + " within the next 15 seconds")
        .of(FailureKind.TRANSIENT, 500, "", "")
        .saying("error getting credentials to cache: fetched credentials are expired")
        .withTheAdvice("Lanyard tries again");
  }

  @Test
  void aNodeWithoutCredentials() throws Exception {
    told("500 Internal Server Error", "no EC2 IMDS role found")
        .of(FailureKind.TRANSIENT, 500, "", "")
        .saying("no EC2 IMDS role found")
        .withTheAdvice("the credentials of the node");
  }

  @Test
  void credentialsThatTheAgentCannotWrite() throws Exception {
    told("500 Internal Server Error", "Unable to serialize credentials")
        .of(FailureKind.TRANSIENT, 500, "", "")
        .saying("Unable to serialize credentials")
        .withTheAdvice("Lanyard tries again");
  }

  // ---- EKS Auth, through the agent

  private static String passedOn(String code, String words) {
    return "[" + ID + "]: (" + code + "): " + words + ", fault: client";
  }

  @Test
  void noAssociation() throws Exception {
    told("404 Not Found", passedOn("ResourceNotFoundException", "No association found"))
        .of(FailureKind.REJECTED, 404, "ResourceNotFoundException", ID)
        .saying("No association found")
        .withTheAdvice(
            "Create a Pod Identity association for service account orders in namespace shop",
            "aws eks create-pod-identity-association --cluster-name CLUSTER --namespace shop"
                + " --service-account orders --role-arn ROLE",
            "takes some seconds to take effect");
  }

  @Test
  void aRoleThatDoesNotTrustTheService() throws Exception {
    told(
            "400 Bad Request",
            passedOn(
                "AccessDeniedException",
                "Unauthorized Exception! EKS does not have permissions to assume the associated"
                    + " role."))
        .of(FailureKind.REJECTED, 400, "AccessDeniedException", ID)
        .saying(
            "Unauthorized Exception! EKS does not have permissions to assume the associated role.")
        .withTheAdvice(
            "\"Action\": [\"sts:AssumeRole\", \"sts:TagSession\"]",
            "conditions on session tags",
            "hostNetwork: true");
  }

  @Test
  void aNodeRoleThatMayNotAskEksAuth() throws Exception {
    told(
            "400 Bad Request",
            passedOn(
                "AccessDeniedException",
                "User: arn:aws:sts::111122223333:assumed-role/node/i-0 is not authorized to"
                    + " perform: eks-auth:AssumeRoleForPodIdentity"))
        .of(FailureKind.REJECTED, 400, "AccessDeniedException", ID)
        .withTheAdvice(
            "Allow eks-auth:AssumeRoleForPodIdentity to the role of the node",
            "AmazonEKSWorkerNodePolicy");
  }

  @Test
  void aTokenThatExpiredOnItsWay() throws Exception {
    told("400 Bad Request", passedOn("ExpiredTokenException", "Token is expired"))
        .of(FailureKind.REJECTED, 400, "ExpiredTokenException", ID)
        .saying("Token is expired")
        .withTheAdvice("the kubelet can refresh it");
  }

  @Test
  void aTokenThatEksAuthDoesNotTake() throws Exception {
    told("400 Bad Request", passedOn("InvalidTokenException", "The audience is wrong"))
        .of(FailureKind.REJECTED, 400, "InvalidTokenException", ID)
        .saying("The audience is wrong")
        .withTheAdvice("audience pods.eks.amazonaws.com");
  }

  @ParameterizedTest
  @ValueSource(strings = {"InvalidParameterException", "InvalidRequestException", "NewException"})
  void aRequestThatEksAuthDoesNotTake(String code) throws Exception {
    told("400 Bad Request", passedOn(code, "Not so"))
        .of(FailureKind.REJECTED, 400, code, ID)
        .saying("Not so");
  }

  @Test
  void sessionTagsThatDoNotFit() throws Exception {
    told(
            "400 Bad Request",
            passedOn("InvalidRequestException", "PackedPolicyTooLarge: Packed size is 120 %"))
        .of(FailureKind.REJECTED, 400, "InvalidRequestException", ID)
        .saying("PackedPolicyTooLarge")
        .withTheAdvice("Set disableSessionTags on the association");
  }

  @Test
  void eksAuthThrottles() throws Exception {
    told("429 Too Many Requests", passedOn("ThrottlingException", "Rate exceeded"))
        .of(FailureKind.TRANSIENT, 429, "ThrottlingException", ID)
        .saying("Rate exceeded")
        .withTheAdvice("EKS Auth throttles this cluster");
  }

  @Test
  void eksAuthFails() throws Exception {
    told("500 Internal Server Error", "[" + ID + "]: (InternalServerException): Oh, fault: server")
        .of(FailureKind.TRANSIENT, 500, "InternalServerException", ID)
        .saying("Oh")
        .withTheAdvice("Lanyard tries again");
  }

  @Test
  void eksAuthIsUnavailable() throws Exception {
    told(
            "503 Service Unavailable",
            "[" + ID + "]: (ServiceUnavailableException): Soon, fault: unknown")
        .of(FailureKind.TRANSIENT, 503, "ServiceUnavailableException", ID)
        .saying("Soon")
        .withTheAdvice("Lanyard tries again");
  }

  @Test
  void anOlderAgentThatWrapsWhatEksAuthSaid() throws Exception {
    told(
            "500 Internal Server Error",
            "unable to fetch credentials: operation error EKS Auth: AssumeRoleForPodIdentity,"
                + " https response error StatusCode: 400, RequestID: x, AccessDeniedException:"
                + " Unauthorized Exception!")
        .of(FailureKind.TRANSIENT, 500, "", "")
        .saying("unable to fetch credentials")
        .withTheAdvice("sts:TagSession");
  }

  // ---- The ECS agent

  @Test
  void anEcsTaskWithoutItsId() throws Exception {
    told(
            "400 Bad Request",
            "{\"code\":\"NoIdInRequest\",\"message\":\"No ID in the request\","
                + "\"HTTPErrorCode\":400}")
        .of(FailureKind.REJECTED, 400, "NoIdInRequest", "")
        .saying("No ID in the request")
        .withTheAdvice("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  }

  @Test
  void anEcsTaskWithAnUnknownId() throws Exception {
    told(
            "400 Bad Request",
            "{\"code\":\"InvalidIdInRequest\",\"message\":\"ID not found\",\"HTTPErrorCode\":400}")
        .of(FailureKind.REJECTED, 400, "InvalidIdInRequest", "")
        .saying("ID not found")
        .withTheAdvice("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  }

  @Test
  void anEcsTaskWhoseCredentialsAreNotThereYet() throws Exception {
    told(
            "503 Service Unavailable",
            "{\"code\":\"CredentialsUninitialized\",\"message\":\"Credentials uninitialized for"
                + " ID\",\"HTTPErrorCode\":503}")
        .of(FailureKind.TRANSIENT, 503, "CredentialsUninitialized", "")
        .saying("Credentials uninitialized for ID")
        .withTheAdvice("has not yet received this task's credentials");
  }

  @Test
  void anEcsAgentThatFails() throws Exception {
    told(
            "500 Internal Server Error",
            "{\"code\":\"InternalServerError\",\"message\":\"Internal server error\","
                + "\"HTTPErrorCode\":500}")
        .of(FailureKind.TRANSIENT, 500, "InternalServerError", "")
        .saying("Internal server error");
  }

  // ---- Whoever else answers, and nobody

  @ParameterizedTest
  @ValueSource(strings = {"403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"})
  void aProxyInTheAgentsPlace(String status) throws Exception {
    told(status, "<html><body>Squid</body></html>")
        .withTheAdvice("a service mesh or a transparent proxy");
  }

  @Test
  void noAgentOnTheNode() throws Exception {
    Told told;
    try (FakeEks eks = FakeEks.start()) {
      eks.agent().goDown();
      told = toldAt(eks.agent().endpoint(), Tokens.TOKEN);
    }

    assertThat(told.thrown().kind()).isEqualTo(FailureKind.TRANSIENT);
    told.withTheAdvice(
        "kubectl -n kube-system get pods -o wide -l app.kubernetes.io/name=eks-pod-identity-agent",
        "the add-on eks-pod-identity-agent is installed",
        "IPv6 is disabled in its configuration if the node has no IPv6",
        "On EKS Fargate and on Windows nodes there is no agent: use IRSA there");
  }

  @Test
  void packetsThatAreDropped() throws Exception {
    assertThat(silence("http://169.254.170.23/v1/credentials"))
        .contains("allow TCP port 80 of its address in the network policies")
        .contains("POD_SECURITY_GROUP_ENFORCING_MODE=standard")
        .contains("hop limit of the instance metadata service does not matter")
        .contains("On EKS Fargate and on Windows nodes there is no agent: use IRSA there");
    assertThat(silence("http://169.254.170.2/v2/x")).isNotBlank().doesNotContain("Fargate");
  }

  private static String silence(String uri) throws Misconfiguration {
    Problem.Builder problem = Problems.of(Problems.NO_ANSWER_IN_TIME, FailureKind.TRANSIENT, "no");
    return Remedies.add(problem, Remedies.forSilence(Endpoint.full(uri, "it")))
        .build()
        .remedy()
        .orElse("");
  }
}
