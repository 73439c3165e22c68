package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.spi.Environment;
import dev.lanyard.spi.ExchangeException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.AbortedException;

/**
 * Callers that block, on real threads. The time limits only bound how long a broken build hangs.
 */
class WaitingCallersTest {
  private static final long LIMIT_SECONDS = 30;

  private final ScriptedSource source = new ScriptedSource();
  private final CountDownLatch answer = new CountDownLatch(1);

  private static final class OneSource extends RefreshingCredentialsProvider {
    OneSource(ScriptedSource source) {
      super(source, EksCredentialsProvider.builder().environment(Environment.of(Map.of())));
    }
  }

  private RefreshingCredentialsProvider slowProvider(ScriptedSource.Answer then) {
    source.does(
        context -> {
          assertThat(answer.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
          return then.give(context);
        });
    return new OneSource(source);
  }

  private static void awaitWaiting(Thread thread) {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(System.nanoTime()).isLessThan(limit);
      assertThat(thread.getState()).isNotEqualTo(Thread.State.TERMINATED);
      Thread.onSpinWait();
    }
  }

  @Test
  void shareOneExchange() throws InterruptedException {
    RefreshingCredentialsProvider provider =
        slowProvider(
            context -> ScriptedSource.credentials("A", context.now().plus(Duration.ofHours(1))));
    Set<String> keys = ConcurrentHashMap.newKeySet();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Thread caller = new Thread(() -> keys.add(provider.resolveCredentials().accessKeyId()));
      caller.start();
      callers.add(caller);
    }
    callers.forEach(WaitingCallersTest::awaitWaiting);

    answer.countDown();
    for (Thread caller : callers) {
      caller.join(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
    }

    assertThat(keys).containsExactly("A");
    assertThat(source.exchanges()).isEqualTo(1);
  }

  @Test
  void getExceptionsWithTheirOwnStacks() throws InterruptedException {
    RefreshingCredentialsProvider provider =
        slowProvider(
            context -> {
              throw ScriptedSource.failure(Kind.REJECTED, "not authorized");
            });
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            new Runnable() {
              @Override
              public void run() {
                callFromHere();
              }

              private void callFromHere() {
                try {
                  provider.resolveCredentials();
                } catch (CredentialsUnavailableException e) {
                  thrown.set(e);
                }
              }
            });
    caller.start();
    awaitWaiting(caller);

    answer.countDown();
    caller.join(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));

    assertThat(Objects.requireNonNull(thrown.get()).getStackTrace())
        .extracting(StackTraceElement::getMethodName)
        .contains("callFromHere");
  }

  @Test
  void canBeInterruptedWithoutCancellingTheExchangeOfTheOthers() throws InterruptedException {
    RefreshingCredentialsProvider provider =
        slowProvider(
            context -> ScriptedSource.credentials("A", context.now().plus(Duration.ofHours(1))));
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicReference<Boolean> flag = new AtomicReference<>();
    Thread impatient =
        new Thread(
            () -> {
              try {
                provider.resolveCredentials();
              } catch (AbortedException e) {
                thrown.set(e);
                flag.set(Thread.currentThread().isInterrupted());
              }
            });
    impatient.start();
    awaitWaiting(impatient);

    impatient.interrupt();
    impatient.join(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
    answer.countDown();

    assertThat(thrown.get()).isInstanceOf(AbortedException.class);
    assertThat(flag.get()).isTrue();
    provider.awaitReady(Duration.ofSeconds(LIMIT_SECONDS));
    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
    assertThat(source.exchanges()).isEqualTo(1);
  }
}
