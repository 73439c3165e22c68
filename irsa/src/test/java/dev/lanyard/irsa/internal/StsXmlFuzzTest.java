package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.irsa.Sessions;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * Whatever STS, or somebody in its place, answers: session credentials that are in the answer, or a
 * failure that says why and shows neither the web identity token nor a credential. The answer goes
 * through the SDK's own client and parser; the JDK's reads it beside them.
 *
 * <p>An input is an answer as HTTP has it, the first line being the status alone. The bytes 1, 2
 * and 3 stand for the web identity token, a secret access key and a session token.
 */
class StsXmlFuzzTest {
  private static final String TOKEN = Tokens.token(7);
  private static final List<String> PARTS = List.of(TOKEN.split("\\.", -1));

  @TempDir static Path root;

  private static final Answers ANSWERS = new Answers();
  private static CredentialsExchange exchange =
      context -> {
        throw new IllegalStateException("no pod was started");
      };

  @BeforeAll
  static void startPod() {
    StsClient client =
        StsClient.builder()
            .httpClient(ANSWERS)
            .region(Region.EU_WEST_1)
            .endpointOverride(URI.create("http://sts.test"))
            .credentialsProvider(AnonymousCredentialsProvider.create())
            .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
            .build();
    Detection detection =
        new IrsaSource(
                new IrsaOptions(
                    Optional.empty(),
                    Optional.of(file()),
                    Sessions.of(
                        IrsaCredentialsProvider.builder().sessionName("orders").stsClient(client))))
            .detect(Environment.of(Map.of("AWS_ROLE_ARN", Pod.ROLE)));
    exchange = ((Detection.Present) detection).exchange();
  }

  @FuzzTest
  void answer(byte[] input) throws InterruptedException {
    byte[] body = ANSWERS.set(input);
    SessionCredentials credentials;
    try {
      credentials = exchange.exchange(new TestContext());
    } catch (ExchangeException e) {
      isHarmless(e);
      return;
    }
    assertThat(ANSWERS.status / 100).isEqualTo(2);
    assertThat(credentials.accessKeyId()).isNotBlank();
    assertThat(credentials.secretAccessKey()).isNotBlank();
    assertThat(credentials.sessionToken()).isNotBlank();
    assertThat(credentials.accountId().orElse("000000000000")).matches("[0-9]{12}");
    assertThat(credentials.longestLife()).contains(Duration.ofMinutes(61));
    document(body).ifPresent(document -> areIn(document, credentials));
    assertThat(credentials.toString()).hasSizeLessThan(120);
  }

  private static void isHarmless(ExchangeException e) {
    String said = Secrets.said(e);
    assertThat(said).doesNotContain(TOKEN).doesNotContain(PARTS);
    if (e.code().isEmpty()) {
      // With a code the message is that of STS; a request id is shown whatever it is.
      assertThat(said.replace(e.requestId().orElse("none"), ""))
          .doesNotContain(ScriptedSts.SECRET_ACCESS_KEY)
          .doesNotContain(ScriptedSts.SESSION_TOKEN);
    }
    assertThat(e.kind() == FailureKind.REJECTED && e.code().isEmpty())
        .as("refused by nobody")
        .isFalse();
    assertThat(e.getMessage()).hasSizeLessThan(2_500);
    assertThat(e.remedy().orElse("")).hasSizeLessThan(6_000);
    assertThat(e.code().orElse("")).hasSizeLessThan(400);
    assertThat(e.requestId().orElse("")).hasSizeLessThan(400);
    assertThat(String.valueOf(e.getMessage()).chars()).noneMatch(Character::isISOControl);
    assertThat((e.code().orElse("") + e.requestId().orElse("")).chars())
        .noneMatch(Character::isISOControl);
    e.retryAfter().ifPresent(wait -> assertThat(wait.isNegative()).isFalse());
  }

  private static void areIn(Document document, SessionCredentials credentials) {
    isIn(document, "AccessKeyId", credentials.accessKeyId());
    isIn(document, "SecretAccessKey", credentials.secretAccessKey());
    isIn(document, "SessionToken", credentials.sessionToken());
  }

  private static void isIn(Document document, String element, String value) {
    NodeList elements = document.getElementsByTagNameNS("*", element);
    for (int i = 0; i < elements.getLength(); i++) {
      if (elements.item(i).getTextContent().contains(value)) {
        return;
      }
    }
    throw new AssertionError("another parser finds no such " + element);
  }

  private static Optional<Document> document(byte[] body) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setNamespaceAware(true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      var builder = factory.newDocumentBuilder();
      builder.setErrorHandler(new DefaultHandler());
      return Optional.of(builder.parse(new InputSource(new ByteArrayInputStream(body))));
    } catch (SAXException e) {
      return Optional.empty();
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      // An encoding that is none.
      return Optional.empty();
    }
  }

  private static Path file() {
    try {
      return Files.writeString(root.resolve("token"), TOKEN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An HTTP client without a network. */
  private static final class Answers implements SdkHttpClient {
    private int status;
    private SdkHttpResponse head = SdkHttpResponse.builder().statusCode(200).build();
    private byte[] body = {};

    /** Sets the next answer and returns its body. */
    byte[] set(byte[] input) {
      String text =
          new String(input, StandardCharsets.ISO_8859_1)
              .replace("\u0001", TOKEN)
              .replace("\u0002", ScriptedSts.SECRET_ACCESS_KEY)
              .replace("\u0003", ScriptedSts.SESSION_TOKEN);
      int blank = text.indexOf("\n\n");
      List<String> lines = Arrays.asList((blank < 0 ? "" : text.substring(0, blank)).split("\n"));
      status = lines.get(0).matches("[1-5][0-9][0-9]") ? Integer.parseInt(lines.get(0)) : 200;
      SdkHttpResponse.Builder response = SdkHttpResponse.builder().statusCode(status);
      for (String line : lines.subList(1, lines.size())) {
        int colon = line.indexOf(':');
        if (colon > 0) {
          response.appendHeader(line.substring(0, colon), line.substring(colon + 1).strip());
        }
      }
      head = response.build();
      body = text.substring(blank < 0 ? 0 : blank + 2).getBytes(StandardCharsets.ISO_8859_1);
      return body;
    }

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
      return new ExecutableHttpRequest() {
        @Override
        public HttpExecuteResponse call() {
          return HttpExecuteResponse.builder()
              .response(head)
              .responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)))
              .build();
        }

        @Override
        public void abort() {}
      };
    }

    @Override
    public void close() {}
  }
}
