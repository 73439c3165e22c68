package dev.lanyard.testing;

import java.time.Instant;

/** Writes into the journal what the agent does in the background. Safe for use by many threads. */
final class JournalOfRenewals implements AgentCache.Background {
  private final Journal journal;
  private final EksAuth eksAuth;

  JournalOfRenewals(Journal journal, EksAuth eksAuth) {
    this.journal = journal;
    this.eksAuth = eksAuth;
  }

  @Override
  public void renewed(Instant at, String token, IssuedCredentials credentials) {
    journal.note(at, "agent: renewed in the background" + of(token) + " -> " + credentials);
  }

  @Override
  public void failed(Instant at, String token, Refusal refusal, boolean evicted) {
    journal.note(
        at,
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
