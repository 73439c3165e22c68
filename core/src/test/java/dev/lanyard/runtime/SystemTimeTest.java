package dev.lanyard.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** On real threads. The time limits only bound how long a broken build takes to fail. */
class SystemTimeTest {
  private static final long LIMIT_SECONDS = 30;

  private final SystemTime time = new SystemTime(Duration.ofMillis(50));
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  private void execute(Runnable task) {
    time.execute(
        () -> {
          threads.add(Thread.currentThread());
          task.run();
        });
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void runsWhatComesAfterSourcesThatHang() {
    CountDownLatch hang = new CountDownLatch(1);
    CountDownLatch served = new CountDownLatch(1);
    for (int i = 0; i < 20; i++) {
      execute(() -> await(hang));
    }

    execute(served::countDown);

    await(served);
    hang.countDown();
  }

  @Test
  void servesManyPromptTasksWithAFewThreads() {
    int tasks = 10_000;
    CountDownLatch served = new CountDownLatch(tasks);
    for (int i = 0; i < tasks; i++) {
      execute(served::countDown);
    }

    await(served);

    assertThat(threads).hasSizeLessThanOrEqualTo(8);
  }

  @Test
  void hasDaemonThreadsOfOneNameThatEndWhenThereIsNothingToDo() throws InterruptedException {
    CountDownLatch ran = new CountDownLatch(2);
    execute(ran::countDown);
    Future<?> timer =
        time.after(
            Duration.ZERO,
            () -> {
              threads.add(Thread.currentThread());
              ran.countDown();
            });
    await(ran);

    assertThat(timer).isNotNull();
    assertThat(threads).hasSize(2).allMatch(Thread::isDaemon);
    assertThat(threads).allMatch(thread -> thread.getName().matches("lanyard-refresh-\\d+"));
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
      assertThat(thread.isAlive()).isFalse();
    }
  }

  @Test
  void keepsNeitherTheClassLoaderNorTheThreadLocalsOfWhoeverCausedAThread() {
    InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
    local.set("the caller's");
    CountDownLatch ran = new CountDownLatch(1);
    String[] seen = new String[1];
    Thread caller = Thread.currentThread();
    ClassLoader before = caller.getContextClassLoader();
    caller.setContextClassLoader(new ClassLoader(before) {});
    try {
      execute(
          () -> {
            seen[0] = local.get();
            ran.countDown();
          });
      await(ran);
    } finally {
      caller.setContextClassLoader(before);
    }

    assertThat(seen[0]).isNull();
    assertThat(threads)
        .allMatch(thread -> thread.getContextClassLoader() == SystemTime.class.getClassLoader());
  }

  @Test
  void cancelsATimer() {
    CountDownLatch never = new CountDownLatch(1);
    Future<?> timer = time.after(Duration.ofHours(1), never::countDown);

    assertThat(timer.cancel(false)).isTrue();
    assertThat(timer.cancel(false)).isFalse();
    assertThat(timer.isCancelled()).isTrue();
  }
}
