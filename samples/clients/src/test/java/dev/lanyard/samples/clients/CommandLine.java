package dev.lanyard.samples.clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The AWS CLI: a process for each command. */
final class CommandLine implements Caller {
  private static final String VERSION = "aws-cli/";

  private final List<String> aws;
  private final Map<String, String> environment;

  CommandLine(List<String> aws, Map<String, String> environment) {
    this.aws = aws;
    this.environment = environment;
  }

  @Override
  public Answer whoAmI() throws IOException {
    Command.Ended ended = run("sts", "get-caller-identity", "--output", "json");
    if (ended.code() != 0) {
      return Answer.failed(ended.errors().strip());
    }
    JsonNode caller = Answer.json(ended.output());
    return new Answer(
        "",
        Optional.empty(),
        Answer.text(caller, "Account"),
        Optional.empty(),
        caller.path("Arn").asText());
  }

  /** The first word that it says of itself is {@code aws-cli/1.2.3}. */
  @Override
  public String version() throws IOException {
    String words = run("--version").output();
    if (!words.startsWith(VERSION)) {
      throw new AssertionError("the AWS CLI does not tell its version, but: " + words);
    }
    return words.substring(VERSION.length(), words.indexOf(' '));
  }

  private Command.Ended run(String... arguments) throws IOException {
    return Command.in(environment, Stream.concat(aws.stream(), Stream.of(arguments)).toList())
        .run(Client.LIMIT);
  }

  @Override
  public void close() {}
}
