package dev.lanyard.testing;

import java.time.Instant;
import java.util.function.UnaryOperator;

/** Writes into the journal what the agent does in the background. Safe for use by many threads. */
final class JournalOfRenewals implements AgentCache.Background {
  private final Journal journal;
  private final EksAuth eksAuth;
  private final UnaryOperator<Instant> byAws;

  /**
   * Writes for an agent.
   *
   * @param byAws what the journal's clock shows when the agent's own shows a time
   */
  JournalOfRenewals(Journal journal, EksAuth eksAuth, UnaryOperator<Instant> byAws) {
    this.journal = journal;
    this.eksAuth = eksAuth;
    this.byAws = byAws;
  }

  @Override
  public void renewed(Instant at, String token, IssuedCredentials credentials) {
    journal.note(
        byAws.apply(at), "agent: renewed in the background" + of(token) + " -> " + credentials);
  }

  @Override
  public void failed(Instant at, String token, Refusal refusal, boolean evicted) {
    journal.note(
        byAws.apply(at),
        "agent: not renewed in the background"
            + of(token)
            + " -> "
            + refusal.code()
            + refusal.reason().map(why -> " (" + why + ")").orElse("")
            + (evicted ? ", dropped" : ", kept"));
  }

  /** Whose token it is; the cluster has signed it, or it would not be in the cache. */
  private String of(String token) {
    Trace trace = new Trace();
    eksAuth.identify(token, trace);
    return trace
        .pod()
        .map(pod -> " by " + pod.serviceAccount().shortName() + " (pod " + pod.name() + ")")
        .orElse("");
  }
}
