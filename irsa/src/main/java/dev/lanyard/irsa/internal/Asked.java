package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Problem;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Who was asked in one attempt, and by what way, to tell its failure with.
 *
 * @param endpoint where STS is, null if a client of the application knows
 * @param through the proxy that leads there, null if none does
 */
record Asked(@Nullable URI endpoint, @Nullable HttpProxy through) {

  /** A client of the application asked whom it knows. */
  static Asked byTheApplication() {
    return new Asked(null, null);
  }

  /** Adds it to what is known of a problem. */
  void addTo(Problem.Builder problem) {
    if (endpoint == null) {
      problem.fact("STS client", "the application's own");
    } else {
      problem.fact(Facts.ENDPOINT, endpoint.toString());
    }
    if (through != null) {
      problem.fact(Facts.PROXY, through.address());
    }
  }

  /** Says it to people, in messages. */
  @Override
  public String toString() {
    if (endpoint == null) {
      return "the application's STS client";
    }
    return endpoint + (through == null ? "" : " through " + through.description());
  }
}
