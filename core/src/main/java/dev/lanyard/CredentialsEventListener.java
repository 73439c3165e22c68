package dev.lanyard;

import java.util.Objects;
import java.util.function.Consumer;

/**
 * Receives the events of a provider's credentials.
 *
 * <p>There is a method for each kind of event. By default it passes the event to {@link #onEvent},
 * which does nothing by default: a listener overrides what it is interested in, and {@code onEvent}
 * for all other kinds, including kinds added later.
 *
 * <p>Lanyard calls it on its own threads, never on a caller's, with one event of a provider at a
 * time. A listener that several providers share has to be safe for use by many threads. The class
 * of what it throws is logged, and nothing else changes. It should return soon: the provider's next
 * event waits for it. Exchanges and callers do not wait. While it blocks, a few hundred events are
 * queued, and further ones are dropped.
 *
 * @since 0.1
 */
public interface CredentialsEventListener {

  /**
   * Returns a listener that passes on all events.
   *
   * @param consumer receives each event, of whatever kind
   * @return a listener
   */
  static CredentialsEventListener of(Consumer<? super CredentialsEvent> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return new CredentialsEventListener() {
      @Override
      public void onEvent(CredentialsEvent event) {
        consumer.accept(event);
      }
    };
  }

  /**
   * New session credentials are in use.
   *
   * @param event what happened
   */
  default void onRefreshed(CredentialsEvent.Refreshed event) {
    onEvent(event);
  }

  /**
   * An exchange failed.
   *
   * @param event what happened
   */
  default void onRefreshFailed(CredentialsEvent.RefreshFailed event) {
    onEvent(event);
  }

  /**
   * The process works as another identity from now on.
   *
   * @param event what happened
   */
  default void onIdentityChanged(CredentialsEvent.IdentityChanged event) {
    onEvent(event);
  }

  /**
   * Receives every event whose own method is not overridden, including kinds added later. Does
   * nothing by default.
   *
   * @param event what happened
   */
  default void onEvent(CredentialsEvent event) {}
}
