package dev.lanyard;

/**
 * Receives the events of a provider's credentials.
 *
 * <p>Lanyard calls it on its own threads, never on a caller's, with one event of a provider at a
 * time. A listener that several providers share has to be safe for use by many threads. The class
 * of what it throws is logged, and nothing else changes. It should return soon: the provider's next
 * event waits for it. Exchanges and callers do not wait. If it does not return, a few hundred
 * events are kept for it, and further ones are dropped.
 */
@FunctionalInterface
public interface CredentialsEventListener {

  /**
   * Receives one event.
   *
   * @param event what happened
   */
  void onEvent(CredentialsEvent event);
}
