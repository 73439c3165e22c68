package dev.lanyard.jmh;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;

/** Lanyard's engine on a source in this process. */
final class InProcess extends RefreshingCredentialsProvider {

  InProcess(CredentialsExchange exchange, Options options) {
    super(new Source(exchange), options);
  }

  /** The options that every provider has. */
  static final class Options extends Builder<Options> {
    @Override
    protected Options self() {
      return this;
    }
  }

  private record Source(CredentialsExchange exchange) implements CredentialsSource {
    @Override
    public String name() {
      return "benchmark";
    }

    @Override
    public int precedence() {
      return 0;
    }

    @Override
    public Detection detect(Environment environment) {
      return Detection.present(exchange, Evidence.builder().incomparable().build());
    }
  }
}
