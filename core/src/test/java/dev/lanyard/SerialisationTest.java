package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanyard.diagnosis.FailureKind;
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
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
    return ExchangeException.builder(FailureKind.REJECTED, "STS refused")
        .code("AccessDenied")
        .status(403)
        .requestId("11111111-2222-3333-4444-555555555555")
        .retryAfter(Duration.ofSeconds(7))
        .remedy("Add this statement to the trust policy")
        .answeredAt(AT)
        .cause(cause)
        .build();
  }

  private static CredentialsStatus status() {
    return new CredentialsStatus(
        "irsa",
        CredentialsStatus.Health.UNAVAILABLE,
        Optional.of(AT),
        Optional.of(AT.plusSeconds(1)),
        Optional.of(
            new CredentialsStatus.Failure(
                "pod-identity",
                AT.plusSeconds(2),
                FailureKind.MISCONFIGURED,
                "no token",
                Optional.of("Code"),
                Optional.of("id"),
                Optional.of("Mount it"))),
        3,
        5_000_000_000L,
        Optional.of(Duration.ofMinutes(-4)),
        Optional.of(AT.plusSeconds(3)));
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
            "There are no credentials", status(), full(new ConnectException("refused")));
    sent.addSuppressed(new NotSerialisable("closing failed"));

    CredentialsUnavailableException read = roundTrip(sent);

    assertThat(read).hasToString(sent.toString());
    assertThat(read.kind()).contains(FailureKind.MISCONFIGURED);
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
            Chain.detect(List.of(source), Environment.of(Map.of())), options, false, null) {};
    time.settle();

    CredentialsUnavailableException sent =
        (CredentialsUnavailableException) catchThrowable(provider::resolveCredentials);
    CredentialsUnavailableException read = roundTrip(sent);

    assertThat(read).hasToString(sent.toString());
    assertThat(read.kind()).isEqualTo(sent.kind()).contains(FailureKind.REJECTED);
    assertThat(read.status()).isEqualTo(sent.status());
    assertSame(sent.getCause(), read.getCause());
    assertThat(stack(read)).isEqualTo(stack(sent));
  }

  @Test
  void whatAFutureThrowsIsWhole() throws Exception {
    CompletionException sent =
        new CompletionException(new CredentialsUnavailableException("none", status(), full(null)));

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
            "message",
            "kind",
            "code",
            "status",
            "requestId",
            "retryAfter",
            "remedy",
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
    }
    assertThat(((ExchangeException) read(renamed(stream, "kind"), new TreeSet<>())).kind())
        .isEqualTo(FailureKind.TRANSIENT);
    assertThat(((ExchangeException) read(renamed(stream, "REJECTED"), new TreeSet<>())).kind())
        .isEqualTo(FailureKind.TRANSIENT);
  }

  @Test
  void whatIsMissingInAStreamOfACallerIsNotNull() throws Exception {
    byte[] stream =
        bytes(new CredentialsUnavailableException("There are no credentials", status(), null));
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
      assertThat(read.status()).hasNoNullFieldsOrProperties();
      read.status().lastFailure().ifPresent(f -> assertThat(f).hasNoNullFieldsOrProperties());
    }
    CredentialsUnavailableException read =
        (CredentialsUnavailableException) read(renamed(stream, "health"), new TreeSet<>());
    assertThat(read.status().health()).isEqualTo(CredentialsStatus.Health.UNAVAILABLE);
  }

  @Test
  void anotherVersionReadsThem() throws Exception {
    CredentialsUnavailableException sent =
        new CredentialsUnavailableException(
            "There are no credentials", status(), full(new NotSerialisable("closing failed")));
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
