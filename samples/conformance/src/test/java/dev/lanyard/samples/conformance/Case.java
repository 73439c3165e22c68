package dev.lanyard.samples.conformance;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One replayed case: a pod's environment and files, what the other side answers, and what has to
 * come of it. The files under {@code src/test/resources/cases} hold them; README.md says how to
 * read and write one.
 *
 * @param name what happens, in words; unique
 * @param why what would go wrong otherwise
 * @param from which SDKs have a test of this behaviour, or the document that asks for it
 * @param listens where the recorded server listens: {@code 127.0.0.1}, {@code ::1} or {@code tls}
 * @param environment variables beside those of the whole file; null takes one of those away
 * @param properties system properties
 * @param files content of files by name below {@code {root}}, beside those of the whole file; null
 *     takes one of those away
 * @param order the order that the application gives to the chain; empty for the default
 * @param detection what is found before anything is sent; presence, where the case does not say
 * @param attempts one exchange after the other
 * @param unasked answers that are there for whoever asks, and that Lanyard does not ask for
 * @param differs what the AWS SDK for Java gives or does otherwise, out of {@link #ASPECTS}, with
 *     the id of the difference; with none, the two agree
 * @param notCompared why the SDK is not asked, empty if it is
 */
record Case(
    String name,
    String why,
    List<String> from,
    String listens,
    Map<String, @Nullable String> environment,
    Map<String, String> properties,
    Map<String, @Nullable String> files,
    List<String> order,
    Detected detection,
    List<Attempt> attempts,
    List<Answer> unasked,
    Map<String, String> differs,
    String notCompared) {

  /** What is compared with the SDK. */
  static final List<String> ASPECTS =
      List.of("outcome", "credentials", "account id", "expiration", "request");

  Case {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(why, () -> name + ": why");
    Objects.requireNonNull(from, () -> name + ": from");
    listens = listens == null ? "127.0.0.1" : listens;
    environment = environment == null ? Map.of() : environment;
    properties = properties == null ? Map.of() : properties;
    files = files == null ? Map.of() : files;
    order = order == null ? List.of() : order;
    detection = detection == null ? new Detected("present", List.of()) : detection;
    attempts = attempts == null ? List.of() : attempts;
    unasked = unasked == null ? List.of() : unasked;
    differs = differs == null ? Map.of() : differs;
    if (!ASPECTS.containsAll(differs.keySet())) {
      throw new IllegalArgumentException(name + ": differs in " + differs.keySet());
    }
    notCompared = notCompared == null ? "" : notCompared;
  }

  /**
   * @param is {@code present}, {@code absent} or {@code broken}
   * @param says words that the finding has to hold
   */
  record Detected(String is, List<String> says) {
    Detected {
      says = says == null ? List.of() : says;
    }
  }

  /**
   * One exchange. It ends with credentials or with a failure.
   *
   * @param files files that are changed before it
   * @param request what has to arrive, null if nothing may
   * @param answer what is answered to it
   * @param credentials what comes of it
   * @param expired whether those credentials are expired on arrival: the exchange hands them on,
   *     and the engine refuses them
   * @param failure what comes of it otherwise
   */
  record Attempt(
      Map<String, String> files,
      @Nullable Request request,
      @Nullable Answer answer,
      @Nullable Credentials credentials,
      boolean expired,
      @Nullable Failure failure) {
    Attempt {
      files = files == null ? Map.of() : files;
      if ((credentials == null) == (failure == null)) {
        throw new IllegalArgumentException("an attempt ends with credentials or with a failure");
      }
      if ((request == null) != (answer == null)) {
        throw new IllegalArgumentException("a request has an answer");
      }
    }
  }

  /**
   * What has to arrive. Values that begin with {@code ~} are regular expressions.
   *
   * @param method the method
   * @param target path and query as they stand in the request line
   * @param headers headers by name
   * @param noOtherHeaders whether those are all
   * @param form all parameters of the form in the body; none means an empty body
   * @param body the body to the byte, null if the parameters say enough
   */
  record Request(
      @Nullable String method,
      @Nullable String target,
      Map<String, String> headers,
      boolean noOtherHeaders,
      Map<String, String> form,
      @Nullable String body) {
    Request {
      headers = headers == null ? Map.of() : headers;
      form = form == null ? Map.of() : form;
    }
  }

  /**
   * A recorded answer: a status, headers, and a body in one of four notations; or a fault.
   *
   * @param path the only path that it is an answer to, null for any
   * @param status the status, 200 where none is given
   * @param headers more headers than those that any answer has
   * @param json a body of JSON
   * @param text any body, to the byte
   * @param sts fields of a success of STS
   * @param stsError fields of a failure of STS
   * @param chunked whether the body comes in pieces
   * @param fault {@code close}: no answer at all; {@code truncate}: half of the body
   */
  record Answer(
      @Nullable String path,
      @Nullable Integer status,
      Map<String, String> headers,
      @Nullable JsonNode json,
      @Nullable String text,
      @Nullable Map<String, String> sts,
      @Nullable Map<String, String> stsError,
      boolean chunked,
      @Nullable String fault) {
    Answer {
      headers = headers == null ? Map.of() : headers;
    }
  }

  /**
   * Credentials, complete: what is not named must not be there.
   *
   * @param accountId null if the answer does not say
   */
  record Credentials(
      @JsonProperty(required = true) String accessKeyId,
      @JsonProperty(required = true) String secretAccessKey,
      @JsonProperty(required = true) String sessionToken,
      @Nullable String accountId,
      @Nullable String expiration) {
    /** The expiration as a caller is given it: Lanyard counts in milliseconds. */
    Instant given() {
      return Instant.parse(expiration).truncatedTo(ChronoUnit.MILLIS);
    }
  }

  /**
   * @param kind the kind of an exchange's failure
   * @param code the service's error code, null if there has to be none
   * @param status the HTTP status, null if there has to be none
   * @param requestId the request id, null where it does not matter
   * @param retryAfterSeconds the wait that the service asks for, null if there has to be none
   * @param says words that the message has to hold
   */
  record Failure(
      @JsonProperty(required = true) String kind,
      @Nullable String code,
      @Nullable Integer status,
      @Nullable String requestId,
      @Nullable Integer retryAfterSeconds,
      @JsonProperty(required = true) List<String> says) {}
}
