package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.PrintWriter;
import java.io.Serializable;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.exception.SdkClientException;

/** Spark and RMI send exceptions to other JVMs: nothing of them is lost on the way. */
class SerialisationTest {
  private static final Instant AT = Instant.parse("2030-01-01T00:00:00.123456789Z");

  private static final String SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

  private static ExchangeException full(@Nullable Throwable cause) {
    return ExchangeException.builder(
            Problem.builder("IRSA-003", FailureKind.REJECTED, "STS refused")
                .fact("role", "arn:aws:iam::111122223333:role/orders")
                .fact("endpoint", "")
                .step("Check the role", "aws iam get-role --role-name orders")
                .page("docs/errors/IRSA-003.md")
                .build())
        .code("AccessDenied")
        .status(403)
        .requestId("11111111-2222-3333-4444-555555555555")
        .retryAfter(Duration.ofSeconds(7))
        .remedy("Add this statement to the trust policy")
        .answeredAt(AT)
        .cause(cause)
        .build();
  }

  private static final Problem PROBLEM =
      Problem.builder("POD-002", FailureKind.MISCONFIGURED, "no token")
          .fact("namespace", "shop")
          .fact("service account", "orders")
          .step("Mount it")
          .step("Create an association", "aws eks create-pod-identity-association")
          .page("docs/errors/POD-002.md")
          .build();

  private static CredentialsStatus status() {
    return CredentialsStatus.builder("irsa", CredentialsStatus.Health.UNAVAILABLE)
        .expiration(AT)
        .nextRefresh(AT.plusSeconds(1))
        .lastFailure(
            CredentialsStatus.Failure.builder("pod-identity", AT.plusSeconds(2), PROBLEM)
                .code("Code")
                .status(404)
                .requestId("id")
                .retryAfter(Duration.ofSeconds(3))
                .build())
        .consecutiveFailures(3)
        .exchanges(5_000_000_000L)
        .clockSkew(Duration.ofMinutes(-4))
        .disbelievedDate(AT.plusSeconds(3))
        .build();
  }

  @Test
  void anExchangeExceptionIsWhole() throws Exception {
    ExchangeException sent = full(new ConnectException("refused"));
    sent.addSuppressed(new IOException("closing failed"));

    ExchangeException read = roundTrip(sent);

    assertSame(sent, read);
    assertThat(stack(read)).isEqualTo(stack(sent));
    assertThat(read.getCause()).isInstanceOf(ConnectException.class);
  }

  @Test
  void oneWithoutAnythingIsWhole() throws Exception {
    ExchangeException sent = ExchangeException.builder(FailureKind.TRANSIENT, "it failed").build();

    ExchangeException read = roundTrip(sent);

    assertSame(sent, read);
    assertThat(read).hasNoCause().hasNoSuppressedExceptions();
    assertThat(stack(read)).isEqualTo(stack(sent));
  }

  @Test
  void whatACallerGetsIsWhole() throws Exception {
    CredentialsUnavailableException sent =
        new CredentialsUnavailableException(
            "There are no credentials", status(), PROBLEM, full(new ConnectException("refused")));
    sent.addSuppressed(new NotSerialisable("closing failed"));

    CredentialsUnavailableException read = roundTrip(sent);

    assertThat(read).hasToString(sent.toString());
    assertThat(read.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(read.status()).isEqualTo(status());
    assertThat(read.retryable()).isEqualTo(sent.retryable());
    assertSame(full(null), read.getCause());
    assertThat(stack(read)).isEqualTo(stack(sent));
  }

  @Test
  void whatAProviderThrowsIsWhole() throws Exception {
    VirtualTime time = new VirtualTime();
    ScriptedSource source =
        new ScriptedSource()
            .does(
                context -> {
                  throw full(new SdkClientExceptionOfTheSource());
                });
    EksCredentialsProvider.Builder options = EksCredentialsProvider.builder().time(time);
    RefreshingCredentialsProvider provider =
        new RefreshingCredentialsProvider(
            Assemblies.of(
                Chain.detect(List.of(source), Environment.of(Map.of())), options, false, null)) {};
    time.settle();

    CredentialsUnavailableException sent =
        (CredentialsUnavailableException) catchThrowable(provider::resolveCredentials);
    CredentialsUnavailableException read = roundTrip(sent);

    assertThat(read).hasToString(sent.toString());
    assertThat(read.kind()).isEqualTo(sent.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(read.status()).isEqualTo(sent.status());
    assertSame(sent.getCause(), read.getCause());
    assertThat(stack(read)).isEqualTo(stack(sent));
  }

  @Test
  void whatAFutureThrowsIsWhole() throws Exception {
    CompletionException sent =
        new CompletionException(
            new CredentialsUnavailableException("none", status(), PROBLEM, full(null)));

    assertThat(stack(roundTrip(sent))).isEqualTo(stack(sent));
  }

  static List<Throwable> causesThatDoNotTravel() {
    return List.of(
        new NotSerialisable("it holds a thread"),
        new OnlyByName("it says that it is"),
        new IOException("refused", new NotSerialisable("far down")),
        new UncheckedIOException(new IOException("outer", new IOException(new OnlyByName("x")))),
        suppressing(new NotSerialisable("closing failed")),
        SdkClientException.builder().message("of a library").cause(new IOException("x")).build(),
        new SdkClientExceptionOfTheSource(),
        new FailsWhenItIsWritten(),
        Unexpected.of(new IllegalStateException("Authorization: secret")));
  }

  private static Throwable suppressing(Throwable suppressed) {
    IOException failure = new IOException("refused");
    failure.addSuppressed(suppressed);
    return failure;
  }

  @ParameterizedTest
  @MethodSource("causesThatDoNotTravel")
  void aCauseThatDoesNotTravelIsReplacedByWhatItSays(Throwable cause) throws Exception {
    ExchangeException sent = full(cause);

    ExchangeException read = roundTrip(sent);

    assertSame(sent, read);
    assertThat(stack(read)).isEqualTo(stack(sent));
  }

  @Test
  void aReplacedCauseSaysNoSecret() throws Exception {
    ExchangeException read =
        roundTrip(full(new NotSerialisable("got " + SECRET_ACCESS_KEY + ", which is none")));

    assertThat(read.getCause())
        .hasToString(NotSerialisable.class.getName() + ": got ***, which is none");
    assertThat(stack(roundTrip(full(new NotSerialisable("SecretAccessKey: short")))))
        .contains(NotSerialisable.class.getName())
        .doesNotContain("short");
  }

  @Test
  void aChainThatGoesRoundEnds() throws Exception {
    NotSerialisable inner = new NotSerialisable("inner");
    NotSerialisable outer = new NotSerialisable("outer", inner);
    inner.initCause(outer);
    ExchangeException sent = full(outer);
    inner.addSuppressed(outer);

    Throwable read = Objects.requireNonNull(roundTrip(sent).getCause());
    assertThat(read.getCause()).hasToString(inner.toString()).hasNoCause();
  }

  @Test
  void aChainThatIsVeryLongIsCut() throws Exception {
    Throwable chain = chain(NotSerialisable::new);

    assertThat(roundTrip(full(chain)).getCause()).hasToString(chain.toString());
  }

  @Test
  void aChainOfTheJdksOwnThatIsVeryLongIsReplaced() throws Exception {
    Throwable chain = chain(IOException::new);

    assertThat(roundTrip(full(chain)).getCause()).hasToString(chain.toString());
  }

  private static Throwable chain(BiFunction<String, Throwable, Throwable> link) {
    Throwable chain = new IllegalStateException("the root");
    for (int i = 0; i < 20_000; i++) {
      chain = link.apply("link " + i, chain);
    }
    return chain;
  }

  @Test
  void itIsSentOn() throws Exception {
    ExchangeException once = roundTrip(full(new NotSerialisable("it holds a thread")));

    assertThat(stack(roundTrip(once))).isEqualTo(stack(once));
  }

  @Test
  void whatIsMissingInAStreamIsNotNull() throws Exception {
    byte[] stream = bytes(full(null));
    FailureKind[] kinds = FailureKind.values();
    // A field of another name is one that is missing, and one too many.
    for (String field :
        List.of(
            "id",
            "message",
            "kind",
            "page",
            "facts",
            "steps",
            "code",
            "status",
            "requestId",
            "retryAfter",
            "answeredAt",
            "cause",
            "suppressed",
            "stack")) {
      ExchangeException read = (ExchangeException) read(renamed(stream, field), new TreeSet<>());

      assertThat(read.kind()).isIn((Object[]) kinds);
      assertThat(read.getMessage()).isNotNull();
      assertThat(List.of(read.code(), read.requestId(), read.retryAfter(), read.remedy()))
          .doesNotContainNull();
      assertThat(read.answeredAt()).isNotNull();
      assertThat(read.status()).isNotNull();
      assertGettersReturnSomething(read.problem());
    }
    assertThat(((ExchangeException) read(renamed(stream, "IRSA-003"), new TreeSet<>())).problem())
        .as("an id of a form that this version does not know")
        .satisfies(problem -> assertThat(problem.id()).isEqualTo(Problem.UNSPECIFIED))
        .satisfies(problem -> assertThat(problem.steps()).hasSize(2));
    assertThat(((ExchangeException) read(renamed(stream, "kind"), new TreeSet<>())).kind())
        .isEqualTo(FailureKind.TRANSIENT);
    assertThat(((ExchangeException) read(renamed(stream, "REJECTED"), new TreeSet<>())).kind())
        .isEqualTo(FailureKind.TRANSIENT);
  }

  @Test
  void whatIsMissingInAStreamOfACallerIsNotNull() throws Exception {
    byte[] stream =
        bytes(
            new CredentialsUnavailableException(
                "There are no credentials", status(), PROBLEM, null));
    for (String field :
        List.of(
            "message",
            "source",
            "health",
            "expiration",
            "nextRefresh",
            "clockSkew",
            "disbelievedDate",
            "failedAt",
            "failedSource",
            "lastFailure",
            "consecutiveFailures",
            "exchanges",
            "stack",
            "suppressed")) {
      CredentialsUnavailableException read =
          (CredentialsUnavailableException) read(renamed(stream, field), new TreeSet<>());

      assertThat(read.getMessage()).isNotNull();
      assertThat(read.kind()).isNotNull();
      assertGettersReturnSomething(read.status());
      if (read.status().lastFailure().isPresent()) {
        assertGettersReturnSomething(read.status().lastFailure().get());
        assertGettersReturnSomething(read.status().lastFailure().get().problem());
      }
    }
    CredentialsUnavailableException read =
        (CredentialsUnavailableException) read(renamed(stream, "health"), new TreeSet<>());
    assertThat(read.status().health()).isEqualTo(CredentialsStatus.Health.UNAVAILABLE);
  }

  @Test
  void anotherVersionReadsThem() throws Exception {
    CredentialsUnavailableException sent =
        new CredentialsUnavailableException(
            "There are no credentials",
            status(),
            PROBLEM,
            full(new NotSerialisable("closing failed")));
    Map<String, Long> versions = new TreeMap<>();
    read(
        bytes(sent),
        described -> {
          if (described.getName().startsWith("dev.lanyard.")) {
            versions.put(described.getName(), described.getSerialVersionUID());
          }
        });

    // Never to be changed: a stream of another number is refused.
    assertThat(versions)
        .containsOnly(
            Map.entry("dev.lanyard.CredentialsUnavailableException$SerialForm", 1L),
            Map.entry("dev.lanyard.spi.ExchangeException$SerialForm", 1L),
            Map.entry("dev.lanyard.spi.ReplacedCause", 1L));
  }

  @Test
  void aStreamThatGoesAroundTheFormIsRefused() throws Exception {
    // The class itself in the place of its form: nobody writes that.
    byte[] stream =
        new String(bytes(full(null)), StandardCharsets.ISO_8859_1)
            .replace(
                "\0\54dev.lanyard.spi.ExchangeException$SerialForm\0\0\0\0\0\0\0\1",
                "\0\41dev.lanyard.spi.ExchangeException\0\0\0\0\0\0\0\2")
            .getBytes(StandardCharsets.ISO_8859_1);

    assertThatThrownBy(() -> read(stream, new TreeSet<>()))
        .isInstanceOf(InvalidObjectException.class);
  }

  private static void assertSame(@Nullable Throwable sentOne, @Nullable Throwable readOne) {
    ExchangeException sent = (ExchangeException) Objects.requireNonNull(sentOne);
    ExchangeException read = (ExchangeException) Objects.requireNonNull(readOne);
    assertThat(read).hasToString(sent.toString());
    assertThat(read.problem()).isEqualTo(sent.problem());
    assertThat(read.kind()).isEqualTo(sent.kind());
    assertThat(read.code()).isEqualTo(sent.code());
    assertThat(read.status()).isEqualTo(sent.status());
    assertThat(read.requestId()).isEqualTo(sent.requestId());
    assertThat(read.retryAfter()).isEqualTo(sent.retryAfter());
    assertThat(read.remedy()).isEqualTo(sent.remedy());
    assertThat(read.answeredAt()).isEqualTo(sent.answeredAt());
  }

  private static String stack(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  /** Writes and reads an exception, and looks at the classes that the stream names. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> T roundTrip(T sent) throws Exception {
    Set<String> classes = new TreeSet<>();
    Throwable read = read(bytes(sent), classes);
    assertThat(classes)
        .as("what is in the stream and not of the JDK")
        .filteredOn(name -> !name.replaceFirst("^\\[+L?", "").startsWith("java."))
        .isSubsetOf(
            "dev.lanyard.CredentialsUnavailableException$SerialForm",
            "dev.lanyard.spi.ExchangeException$SerialForm",
            "dev.lanyard.spi.ReplacedCause");
    assertThat(read).isExactlyInstanceOf(sent.getClass());
    return (T) read;
  }

  private static byte[] bytes(Throwable sent) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(sent);
    }
    return bytes.toByteArray();
  }

  private static Throwable read(byte[] stream, Set<String> classes)
      throws IOException, ClassNotFoundException {
    return read(stream, described -> classes.add(described.getName()));
  }

  private static Throwable read(byte[] stream, Consumer<ObjectStreamClass> seen)
      throws IOException, ClassNotFoundException {
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(stream)) {
          @Override
          protected Class<?> resolveClass(ObjectStreamClass described)
              throws IOException, ClassNotFoundException {
            seen.accept(described);
            return super.resolveClass(described);
          }
        }) {
      return (Throwable) in.readObject();
    }
  }

  private static void assertGettersReturnSomething(Object read) throws Exception {
    int getters = 0;
    for (Method method : read.getClass().getMethods()) {
      if (method.getDeclaringClass() == read.getClass()
          && method.getParameterCount() == 0
          && !Modifier.isStatic(method.getModifiers())) {
        assertThat(method.invoke(read)).as(method.toString()).isNotNull();
        getters++;
      }
    }
    assertThat(getters).isGreaterThan(5);
  }

  /** Gives a field, or a text, another name of the same length. */
  private static byte[] renamed(byte[] stream, String name) {
    String text = new String(stream, StandardCharsets.ISO_8859_1);
    String written = "\0" + (char) name.length() + name;
    assertThat(text).contains(written);
    return text.replaceFirst(
            Pattern.quote(written), "\0" + (char) name.length() + "x".repeat(name.length()))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Of no module that another JVM has, and honest about it. */
  private static final class NotSerialisable extends Exception {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings({"serial", "UnusedVariable"})
    private final Object held = new Object();

    NotSerialisable(String message) {
      super(message);
    }

    NotSerialisable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Serialisable by its interface, and not by its fields. */
  private static final class OnlyByName extends Exception implements Serializable {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings({"serial", "UnusedVariable"})
    private final List<Object> held = List.of(new Object());

    OnlyByName(String message) {
      super(message);
    }
  }

  private static final class SdkClientExceptionOfTheSource extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SdkClientExceptionOfTheSource() {
      super("serialisable, and of a class that another JVM does not have");
    }
  }

  private static final class FailsWhenItIsWritten extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FailsWhenItIsWritten() {
      super("not today");
    }

    private void writeObject(ObjectOutputStream out) {
      throw new IllegalStateException("no");
    }
  }
}
