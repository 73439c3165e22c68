package dev.lanyard.irsa.internal;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/** Hears all loggers from a level on, until it is closed. */
final class LogRecorder implements AutoCloseable {
  private static final Logger ROOT =
      (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

  private final Level before = ROOT.getLevel();
  private final Queue<String> said = new ConcurrentLinkedQueue<>();
  private final Appender appender;

  private LogRecorder(String deafTo) {
    appender = new Appender(deafTo);
  }

  /**
   * Begins to listen.
   *
   * @param deafTo a logger that is not heard, empty for none
   */
  static LogRecorder start(Level level, String deafTo) {
    LogRecorder recorder = new LogRecorder(deafTo);
    recorder.appender.start();
    ROOT.setLevel(level);
    ROOT.addAppender(recorder.appender);
    return recorder;
  }

  /** What was said, each with the name of its logger, stack traces included. */
  Queue<String> said() {
    return said;
  }

  @Override
  public void close() {
    ROOT.detachAppender(appender);
    ROOT.setLevel(before);
  }

  private final class Appender extends AppenderBase<ILoggingEvent> {
    private final String deafTo;

    Appender(String deafTo) {
      this.deafTo = deafTo;
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getLoggerName().equals(deafTo)) {
        return;
      }
      said.add(event.getLoggerName() + " " + event.getFormattedMessage());
      if (event.getThrowableProxy() != null) {
        said.add(ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
    }
  }
}
