package dev.lanyard.samples.conformance;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One file of cases.
 *
 * @param about what the cases have in common
 * @param environment the variables that each case begins with
 * @param files the files that each case begins with
 * @param everyRequest what holds for each request of the family
 * @param cases the cases
 */
record Family(
    String about,
    Map<String, String> environment,
    Map<String, String> files,
    Case.Request everyRequest,
    List<Case> cases) {

  static final List<String> NAMES = List.of("web-identity", "container", "pod-identity", "chain");

  // A misspelt field would silently leave something unchecked.
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(com.fasterxml.jackson.core.StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  static Family of(String name) {
    return read("/cases/" + name + ".json", Family.class);
  }

  static <T> T read(String resource, Class<T> type) {
    try (InputStream in = Family.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("no " + resource);
      }
      return JSON.readValue(in, type);
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  /** All cases of all families. */
  static Stream<Replay> replays() {
    return NAMES.stream()
        .flatMap(
            name -> {
              Family family = of(name);
              return family.cases().stream().map(one -> family.replay(name, one));
            });
  }

  private Replay replay(String name, Case one) {
    return new Replay(
        name,
        one,
        merged(environment, one.environment()),
        merged(files, one.files()),
        one.attempts().stream().map(this::request).toList());
  }

  /** The request of an attempt, with what holds for all; one with an empty method for none. */
  private Case.Request request(Case.Attempt attempt) {
    Case.Request own = attempt.request();
    if (own == null) {
      return Replay.NOTHING;
    }
    return new Case.Request(
        own.method() == null ? everyRequest.method() : own.method(),
        own.target() == null ? everyRequest.target() : own.target(),
        merged(everyRequest.headers(), own.headers()),
        everyRequest.noOtherHeaders(),
        merged(everyRequest.form(), own.form()),
        own.body());
  }

  private static Map<String, String> merged(Map<String, String> all, Map<String, String> own) {
    Map<String, String> merged = new HashMap<>(all == null ? Map.of() : all);
    for (Map.Entry<String, String> entry : new ArrayList<>(own.entrySet())) {
      if (entry.getValue() == null) {
        merged.remove(entry.getKey());
      } else {
        merged.put(entry.getKey(), entry.getValue());
      }
    }
    return merged;
  }
}
