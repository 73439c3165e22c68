package dev.lanyard;

import dev.lanyard.runtime.Time;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Explains an engine by the chain that it was made from.
 *
 * @param name the name that the application gave, if it gave one
 * @param fallback whether a source that is present after the chosen one may take over
 */
record Explainer(@Nullable String name, Chain chain, boolean fallback, Time time) {

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
        sources,
        status,
        engine.current().keyId().orElse(null),
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
