package dev.lanyard.samples.clients;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A program that answers as often as it is asked: one process, as an application is. */
final class Program implements Caller {
  private final Path errors;
  private final Process process;
  private final BufferedWriter input;
  private final BufferedReader output;

  Program(List<String> line, Map<String, String> environment) throws IOException {
    this.errors = Files.createTempFile("lanyard-client-", ".err");
    this.process = Command.in(environment, line).start(errors);
    Command.endAfter(Client.LIMIT, process);
    this.input = process.outputWriter(UTF_8);
    this.output = process.inputReader(UTF_8);
  }

  @Override
  public Answer whoAmI() throws IOException {
    return Answer.of(ask());
  }

  /** Every answer tells it. */
  @Override
  public String version() throws IOException {
    return ask().path("version").asText();
  }

  private JsonNode ask() throws IOException {
    try {
      input.write("who am I\n");
      input.flush();
    } catch (IOException e) {
      throw new AssertionError("the program has ended: " + Files.readString(errors), e);
    }
    String line = output.readLine();
    if (line == null) {
      throw new AssertionError("the program ended, or was ended: " + Files.readString(errors));
    }
    return Answer.json(line);
  }

  @Override
  public void close() throws IOException {
    // The end of its input ends it.
    input.close();
    process.onExit().join();
    output.close();
    Files.delete(errors);
  }
}
