package dev.lanyard;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** Hands to the test what Lanyard logs, on the thread that logs. */
final class Logs {
  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.lanyard");
  private final Appender<ILoggingEvent> appender;

  private Logs(Consumer<ILoggingEvent> handler) {
    appender =
        new UnsynchronizedAppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {}

          @Override
          public void doAppend(ILoggingEvent event) {
            handler.accept(event);
          }
        };
    appender.start();
    logger.setLevel(Level.TRACE);
    logger.addAppender(appender);
  }

  /** What is logged on this thread: engines of earlier tests may still be refreshing on theirs. */
  static void handledBy(Consumer<ILoggingEvent> handler, Runnable during) {
    Thread own = Thread.currentThread();
    ofAnyThread(
        event -> {
          if (Thread.currentThread() == own) {
            handler.accept(event);
          }
        },
        during);
  }

  /** What is logged on any thread, and by any engine. */
  static void ofAnyThread(Consumer<ILoggingEvent> handler, Runnable during) {
    Logs logs = new Logs(handler);
    try {
      during.run();
    } finally {
      logs.logger.detachAppender(logs.appender);
      logs.logger.setLevel(null);
    }
  }
}
