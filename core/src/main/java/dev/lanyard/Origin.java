package dev.lanyard;

import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where an engine gets its credentials from: one source, or several in an order. */
interface Origin {
  /** A source by its name and its place in the order; the first has rank 0. */
  record Source(String name, int rank) {}

  /**
   * What the engine holds when an exchange begins. It decides how far down the order the exchange
   * may go.
   *
   * @param rank the rank of the source of what is held; -1 if nothing ever was
   * @param stays whether callers go on with what is held: it is neither expired nor refused
   * @param nearItsEnd whether it ends so soon that the next source may be asked for a replacement
   */
  record Holding(int rank, boolean stays, boolean nearItsEnd) {
    static final Holding NOTHING = new Holding(-1, false, false);

    /** Whether a source of this rank may be asked after one before it was refused. */
    boolean allows(int candidate) {
      return !stays || candidate <= rank || nearItsEnd;
    }
  }

  /**
   * What an exchange obtained.
   *
   * @param source whose credentials these are
   * @param credentials the credentials
   * @param refusal why the sources before it gave none, if any was asked
   */
  record Answer(Source source, SessionCredentials credentials, @Nullable Failed refusal) {}

  /** An exchange failed, and whose it was. */
  final class Failed extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Source source;
    private final transient ExchangeException why;

    Failed(Source source, ExchangeException why) {
      super(why.getMessage(), why, false, false);
      this.source = source;
      this.why = why;
    }

    Source source() {
      return source;
    }

    ExchangeException why() {
      return why;
    }
  }

  /** The source that was chosen first. */
  Source first();

  /** The source that the attempt in flight is asking, or the last attempt asked. */
  default Source asked() {
    return first();
  }

  /** Makes one attempt, with the sources that may be asked. */
  Answer exchange(ExchangeContext context, Holding holding) throws Failed, InterruptedException;

  /** The file whose change may end a failure. */
  Optional<Path> tokenFile();

  /** Whether a failure may pass without anybody asking again. */
  default boolean mayHeal() {
    return true;
  }

  /** Whether a source comes after this one that could replace it. */
  default boolean hasLaterThan(Source source) {
    return false;
  }

  /** What is known of a source now, which may be more than when the provider was built. */
  default Chain.Link current(Chain.Link link) {
    return link;
  }

  /** The engine that serves this configuration since it healed, if another one does. */
  default @Nullable Engine joined() {
    return null;
  }

  /** The engine was shut down: from here on, this starts no other one. */
  default void end() {}
}
