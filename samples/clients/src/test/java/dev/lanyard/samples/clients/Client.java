package dev.lanyard.samples.clients;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A client that is not ours. */
enum Client {
  JAVASCRIPT("AWS SDK for JavaScript v3") {
    @Override
    Toolchain toolchain() {
      return Toolchain.NODE;
    }

    @Override
    Caller in(Map<String, String> environment) throws IOException {
      return new Program(List.of("node", installed("who-am-i.js")), environment);
    }
  },
  BOTO3("boto3") {
    @Override
    Toolchain toolchain() {
      return Toolchain.PYTHON;
    }

    @Override
    Caller in(Map<String, String> environment) throws IOException {
      return new Program(
          List.of(installed("venv/bin/python"), installed("who_am_i.py")), environment);
    }
  },
  CLI("AWS CLI") {
    @Override
    Toolchain toolchain() {
      return Toolchain.PYTHON;
    }

    @Override
    Caller in(Map<String, String> environment) {
      return new CommandLine(
          List.of(installed("venv/bin/python"), installed("venv/bin/aws")), environment);
    }
  },
  GO("AWS SDK for Go v2") {
    @Override
    Toolchain toolchain() {
      return Toolchain.GO;
    }

    @Override
    Caller in(Map<String, String> environment) throws IOException {
      return new Program(List.of(installed("who-am-i")), environment);
    }
  };

  /** For all that a client does in a pod. They give up long before. */
  static final Duration LIMIT = Duration.ofMinutes(2);

  private final String title;

  Client(String title) {
    this.title = title;
  }

  abstract Toolchain toolchain();

  /** Starts it in this environment, which is all that it sees. */
  abstract Caller in(Map<String, String> environment) throws IOException;

  String title() {
    return title;
  }

  /** The real path of a file that was installed. */
  String installed(String file) {
    return toolchain().installed().resolve(file).toString();
  }
}
