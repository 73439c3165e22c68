package dev.lanyard;

/**
 * Is told what happens to a provider's credentials.
 *
 * <p>It is called on Lanyard's own threads, never on a caller's; events of one provider come one
 * after another. What it throws is logged and changes nothing. It should return soon: the
 * provider's next event waits for it. Exchanges and callers do not; of the events of a listener
 * that never returns, those beyond a few hundred are dropped.
 */
@FunctionalInterface
public interface CredentialsEventListener {

  /**
   * Takes one event.
   *
   * @param event what happened
   */
  void onEvent(CredentialsEvent event);
}
