package dev.lanyard;

import static java.time.Duration.ofHours;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.Identity;

/** {@code invalidate}, by the name that the SDK's next {@code IdentityProvider} has for it. */
class InvalidateTest {

  @Nested
  class OfAnSdkWithoutIt {
    private final Stage stage = new Stage();

    @Test
    void refreshesInTheBackgroundAndReturnsACompletedFuture() {
      AwsCredentials held = stage.provider.resolveCredentials();

      CompletableFuture<Void> told = stage.provider.invalidate(held);

      assertThat(told).isCompletedWithValue(null);
      assertThat(stage.source.exchanges()).isEqualTo(1);
      stage.time.settle();
      assertThat(stage.source.exchanges()).isEqualTo(2);
      assertThat(stage.provider.resolveCredentials().accessKeyId()).isEqualTo("B");
    }

    @Test
    void completesAlsoForCredentialsThatAreNotHeld() {
      assertThat(stage.provider.invalidate(AwsBasicCredentials.create("UNKNOWN", "secret")))
          .isCompletedWithValue(null);
      stage.time.settle();

      assertThat(stage.source.exchanges()).isEqualTo(1);
    }

    @Test
    void givesEachCallerAFutureOfItsOwn() {
      CompletableFuture<Void> first = stage.provider.invalidate(stage.held());
      first.obtrudeException(new IllegalStateException("a caller's mistake"));

      assertThat(stage.provider.invalidate(stage.held())).isCompletedWithValue(null);
    }

    @Test
    @SuppressWarnings("NullAway") // What a caller without its checks may do.
    void refusesNull() {
      assertThatThrownBy(() -> stage.provider.invalidate(null))
          .isInstanceOf(NullPointerException.class)
          .hasMessage("rejected");
    }

    @Test
    void isThereByTheSignatureThatTheSdkCalls() throws Exception {
      Method bridge =
          RefreshingCredentialsProvider.class.getDeclaredMethod("invalidate", Identity.class);

      assertThat(bridge.isBridge()).isTrue();
      assertThat(Modifier.isPublic(bridge.getModifiers())).isTrue();
      assertThat(bridge.getReturnType()).isEqualTo(CompletableFuture.class);
    }
  }

  /** Lanyard was compiled without the method; an application runs it on an SDK that has it. */
  @Nested
  class OfAnSdkThatHasIt {
    private final NextSdk sdk = new NextSdk();

    OfAnSdkThatHasIt() throws Exception {}

    @Test
    void theSdksCallReachesTheEngine() throws Exception {
      Object stage = sdk.create(Stage.class);

      Object told = invalidate(provider(stage), held(stage));

      assertThat((CompletableFuture<?>) told).isCompletedWithValue(null);
      assertThat(((IntSupplier) stage).getAsInt()).isEqualTo(1);
      ((Runnable) stage).run();
      assertThat(((IntSupplier) stage).getAsInt()).isEqualTo(2);
    }

    @Test
    void theCallGoesOnToTheProviderThatIsUsedOutsideEks() throws Exception {
      Object stage = sdk.create(Laptop.class);

      Object told = invalidate(provider(stage), held(stage));

      // A provider of the SDK's, which leaves the method as it is.
      assertThat((CompletableFuture<?>) told)
          .failsWithin(java.time.Duration.ZERO)
          .withThrowableThat()
          .havingCause()
          .isInstanceOf(UnsupportedOperationException.class)
          .withMessage(NextSdk.DEFAULT);
    }

    private Object invalidate(Object provider, Object identity) throws Exception {
      Method method =
          sdk.identityProvider().getMethod("invalidate", sdk.loadClass(Identity.class.getName()));
      assertThat(method.isDefault()).isTrue();
      assertThat(method.getDeclaringClass().getClassLoader()).isSameAs(sdk);
      return method.invoke(provider, identity);
    }

    private Object provider(Object stage) {
      return ((Supplier<?>) stage).get();
    }

    private Object held(Object stage) throws Exception {
      Object provider = provider(stage);
      Method resolve =
          sdk.loadClass(AwsCredentialsProvider.class.getName()).getMethod("resolveCredentials");
      return resolve.invoke(provider);
    }
  }

  @Nested
  class OutsideEks {
    private final AwsCredentialsIdentity key = AwsBasicCredentials.create("LAPTOP", "secret");

    @Test
    void theCallGoesOnToTheApplicationsProvider() {
      CompletableFuture<Void> its = new CompletableFuture<>();
      List<AwsCredentialsIdentity> heard = new ArrayList<>();

      CompletableFuture<Void> told =
          outside(
                  new Invalidated() {
                    @Override
                    public CompletableFuture<Void> invalidate(AwsCredentialsIdentity rejected) {
                      heard.add(rejected);
                      return its;
                    }
                  })
              .invalidate(key);

      assertThat(heard).containsExactly(key);
      assertThat(told).isNotDone();
      its.complete(null);
      assertThat(told).isCompletedWithValue(null);
    }

    @Test
    void itsFailureIsPassedOn() {
      IllegalStateException failure = new IllegalStateException("the vault is sealed");

      assertThat(outside(gives(CompletableFuture.failedFuture(failure))).invalidate(key))
          .isCompletedExceptionally()
          .satisfies(told -> assertThatThrownBy(told::join).hasCause(failure));
    }

    @Test
    void whatItThrowsIsPassedOnAndNotThrown() {
      IllegalStateException exception = new IllegalStateException("the vault is sealed");
      LinkageError error = new LinkageError("no such class");

      assertThat(
              outside(
                      does(
                          () -> {
                            throw exception;
                          }))
                  .invalidate(key))
          .satisfies(told -> assertThatThrownBy(told::join).hasCause(exception));
      assertThat(
              outside(
                      does(
                          () -> {
                            throw error;
                          }))
                  .invalidate(key))
          .satisfies(told -> assertThatThrownBy(told::join).hasCause(error));
    }

    @Test
    void aFutureThatIsMissingIsAFailure() {
      assertThat(outside(gives(null)).invalidate(key))
          .satisfies(
              told ->
                  assertThatThrownBy(told::join)
                      .hasCauseInstanceOf(IllegalStateException.class)
                      .hasMessageContaining("returned null from invalidate"));
    }

    @Test
    void aProviderWithoutTheMethodIsLeftAlone() {
      assertThat(
              outside(StaticCredentialsProvider.create(AwsBasicCredentials.create("A", "B")))
                  .invalidate(key))
          .isCompletedWithValue(null);
    }

    @Test
    void anotherOfLanyardsIsRefreshed() {
      Stage other = new Stage();

      CompletableFuture<Void> told = outside(other.provider).invalidate(other.held());
      other.time.settle();

      assertThat(told).isCompletedWithValue(null);
      assertThat(other.source.exchanges()).isEqualTo(2);
    }

    private Invalidated gives(@Nullable CompletableFuture<Void> result) {
      return does(() -> result);
    }

    private Invalidated does(Supplier<@Nullable CompletableFuture<Void>> answer) {
      return new Invalidated() {
        @Override
        @SuppressWarnings("NullAway") // What a provider returns that breaks its contract.
        public CompletableFuture<Void> invalidate(AwsCredentialsIdentity rejected) {
          return answer.get();
        }
      };
    }
  }

  private static RefreshingCredentialsProvider outside(AwsCredentialsProvider whenNotOnEks) {
    ScriptedSource source =
        new ScriptedSource("irsa", 100).detects(Detection.absent("variable ONE"));
    return new TestProvider(source, new VirtualTime(), whenNotOnEks);
  }

  private abstract static class Invalidated
      implements AwsCredentialsProvider, Invalidatable<AwsCredentialsIdentity> {
    @Override
    public AwsCredentials resolveCredentials() {
      return AwsBasicCredentials.create("LAPTOP", "secret");
    }
  }

  private static final class TestProvider extends RefreshingCredentialsProvider {
    TestProvider(
        CredentialsSource source, VirtualTime time, @Nullable AwsCredentialsProvider whenNotOnEks) {
      super(
          Assemblies.of(
              Chain.detect(List.of(source), Environment.of(Map.of())),
              EksCredentialsProvider.builder().time(time),
              false,
              whenNotOnEks));
    }
  }

  /**
   * A provider that holds credentials, and gets others at the next exchange. It is also made beside
   * another SDK: a test then sees of it what the JDK's interfaces say. Running it lets what is due
   * happen, its number is that of the exchanges, and it supplies the provider.
   */
  static final class Stage implements Runnable, IntSupplier, Supplier<Object> {
    final VirtualTime time = new VirtualTime();
    final ScriptedSource source = new ScriptedSource().answers("A", ofHours(1));
    final RefreshingCredentialsProvider provider = new TestProvider(source, time, null);

    Stage() {
      time.settle();
      source.answers("B", ofHours(1));
    }

    AwsCredentials held() {
      return provider.resolveCredentials();
    }

    @Override
    public void run() {
      time.settle();
    }

    @Override
    public int getAsInt() {
      return source.exchanges();
    }

    @Override
    public Object get() {
      return provider;
    }
  }

  /** A provider outside EKS, over one of the SDK's. */
  static final class Laptop implements Supplier<Object> {
    private final RefreshingCredentialsProvider provider =
        outside(StaticCredentialsProvider.create(AwsBasicCredentials.create("LAPTOP", "secret")));

    @Override
    public Object get() {
      return provider;
    }
  }
}
