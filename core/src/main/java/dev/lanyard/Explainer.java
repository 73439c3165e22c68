package dev.lanyard;

import dev.lanyard.diagnosis.Fact;
import dev.lanyard.runtime.Time;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Explains an engine by what it was made from.
 *
 * @param name the name that the application gave, if it gave one
 * @param chain what each source found
 * @param fallback whether a source that is present after the chosen one may take over
 * @param settings what was given as settings
 * @param first the provider whose credentials a second role is assumed with, if settings name one
 */
record Explainer(
    @Nullable String name,
    Chain chain,
    boolean fallback,
    List<Fact> settings,
    @Nullable RefreshingCredentialsProvider first,
    Time time) {

  /** Explains an engine that no settings had a part in. */
  Explainer(@Nullable String name, Chain chain, boolean fallback, Time time) {
    this(name, chain, fallback, List.of(), null, time);
  }

  Explanation explain(Engine engine, CredentialsStatus status) {
    List<Explanation.Source> sources = new ArrayList<>();
    boolean chosen = false;
    boolean stopped = false;
    for (Chain.Link found : chain.links()) {
      Chain.Link link = engine.origin().current(found);
      sources.add(explain(link, !chosen && !found.isAbsent(), fallback && !stopped));
      chosen |= !found.isAbsent();
      stopped |= !found.isAbsent() && !found.isPresent();
    }
    return new Explanation(
        name,
        settings,
        sources,
        status,
        engine.current().keyId().orElse(null),
        first == null ? null : first.explain(),
        Instant.ofEpochMilli(time.millis()));
  }

  private static Explanation.Source explain(Chain.Link link, boolean chosen, boolean mayFollow) {
    Explanation.Use use;
    if (chosen) {
      use = link.isPresent() ? Explanation.Use.CHOSEN : Explanation.Use.BROKEN;
    } else if (link.isAbsent()) {
      use = Explanation.Use.ABSENT;
    } else {
      use = mayFollow && link.isPresent() ? Explanation.Use.FALLBACK : Explanation.Use.SHADOWED;
    }
    return new Explanation.Source(link.source().name(), use, link.detection());
  }
}
