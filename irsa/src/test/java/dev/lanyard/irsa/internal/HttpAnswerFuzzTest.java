package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whatever bytes a server or a proxy sends: an answer, read to its end and not beyond, or an {@link
 * IOException} that says one of a few things and repeats nothing. Another reader stands beside,
 * which takes only what RFC 9112 says without a doubt: what it takes is taken, and read alike.
 *
 * <p>An input is an answer as it comes. The byte 1 stands for 512 bytes, so that an input can be
 * longer than an answer may be; and that is less here than elsewhere, so that there is time for
 * many. The limits that hold elsewhere are in HttpAnswerTest.
 */
class HttpAnswerFuzzTest {
  private static final HttpAnswer.Limits LIMITS = new HttpAnswer.Limits(1024, 4096);
  private static final byte[] LONG = new byte[512];
  private static final int MAX_LONG = 12;

  // No answer within it can be too long, in any of its parts.
  private static final int SHORT = 1000;
  private static final int MAX_INTERIM = 8;

  private static final Set<String> MESSAGES =
      Set.of(
          "the answer is not HTTP",
          "the answer was cut off",
          "the head of the answer is too long",
          "the answer has two lengths",
          "the answer has a transfer encoding that was not asked for",
          "there are too many interim answers",
          "a number in the answer's framing is not a number",
          "a chunk is longer than it says",
          "the answer is compressed, which was not asked for",
          "the answer has more than 4096 bytes");

  static {
    Arrays.fill(LONG, (byte) 'a');
  }

  @FuzzTest
  void answer(byte[] input) {
    byte[] bytes = withLong(input);
    head(bytes);
    whole(bytes);
  }

  private static void head(byte[] bytes) {
    Plain plain = new Plain(bytes);
    Optional<Head> expected = plain.lastHead();
    ByteArrayInputStream in = new ByteArrayInputStream(bytes);
    HttpAnswer answer;
    try {
      answer = HttpAnswer.readHead(in, LIMITS);
    } catch (IOException e) {
      isHarmless(e);
      assertThat(expected.isPresent() && bytes.length < SHORT).as("a head is refused").isFalse();
      return;
    }
    assertThat(answer.body()).isEmpty();
    isAnswer(answer);
    if (expected.isPresent()) {
      agrees(answer, expected.get());
      assertThat(bytes.length - in.available()).as("bytes of the head").isEqualTo(plain.at);
    }
  }

  private static void whole(byte[] bytes) {
    Plain plain = new Plain(bytes);
    Optional<Whole> expected = plain.whole();
    ByteArrayInputStream in = new ByteArrayInputStream(bytes);
    HttpAnswer answer;
    try {
      answer = HttpAnswer.read(in, LIMITS);
    } catch (IOException e) {
      isHarmless(e);
      assertThat(expected.isPresent() && bytes.length < SHORT).as("it is refused").isFalse();
      return;
    }
    isAnswer(answer);
    assertThat(answer.body().length)
        .isLessThanOrEqualTo(LIMITS.body())
        .isLessThanOrEqualTo(bytes.length);
    if (expected.isPresent()) {
      agrees(answer, expected.get().head());
      assertThat(text(answer.body()).equals(expected.get().body())).as("same body").isTrue();
      assertThat(bytes.length - in.available()).as("bytes of the answer").isEqualTo(plain.at);
    }
  }

  private static void isHarmless(IOException e) {
    assertThat(e.getMessage()).isIn(MESSAGES);
    assertThat(e.getCause()).isNull();
    assertThat(e.getSuppressed()).isEmpty();
  }

  private static void isAnswer(HttpAnswer answer) {
    assertThat(answer.status()).isBetween(200, 999);
    answer
        .headers()
        .forEach(
            (name, values) -> {
              assertThat(name).isNotEmpty().doesNotContain(":", "\n");
              assertThat(values).isNotEmpty();
              assertThat(values).noneMatch(value -> value.contains("\n"));
            });
  }

  private static void agrees(HttpAnswer answer, Head head) {
    assertThat(answer.status()).isEqualTo(head.status());
    TreeMap<String, List<String>> headers = new TreeMap<>();
    answer.headers().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
    assertThat(headers).isEqualTo(head.headers());
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static byte[] withLong(byte[] input) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int room = MAX_LONG;
    for (byte b : input) {
      if (b == 1 && room-- > 0) {
        bytes.writeBytes(LONG);
      } else {
        bytes.write(b);
      }
    }
    return bytes.toByteArray();
  }

  private record Head(int status, TreeMap<String, List<String>> headers) {}

  private record Whole(Head head, String body) {}

  /** Reads what leaves no doubt, and knows no limit. */
  private static final class Plain {
    private final String text;
    private int at;

    Plain(byte[] bytes) {
      text = text(bytes);
    }

    Optional<Whole> whole() {
      return lastHead().flatMap(head -> body(head).map(body -> new Whole(head, body)));
    }

    Optional<Head> lastHead() {
      for (int i = 0; i < MAX_INTERIM; i++) {
        Optional<Head> head = head();
        if (head.isEmpty() || head.get().status() >= 200) {
          return head;
        }
      }
      return Optional.empty();
    }

    private Optional<Head> head() {
      String start = line().orElse("");
      if (!start.matches("HTTP/1\\.[0-9] [1-9][0-9]{2}( [\\t -~\\x80-\\xff]*+)?")) {
        return Optional.empty();
      }
      TreeMap<String, List<String>> headers = new TreeMap<>();
      while (true) {
        Optional<String> field = line();
        if (field.isEmpty()) {
          return Optional.empty();
        }
        if (field.get().isEmpty()) {
          return Optional.of(new Head(Integer.parseInt(start.substring(9, 12)), headers));
        }
        if (!field.get().matches("[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\\t -~\\x80-\\xff]*+")) {
          return Optional.empty();
        }
        String[] parts = field.get().split(":", 2);
        headers
            .computeIfAbsent(parts[0].toLowerCase(Locale.ROOT), name -> new ArrayList<>())
            .add(parts[1].replaceFirst("^[\\t ]++", "").replaceFirst("(?<![\\t ])[\\t ]++\\z", ""));
      }
    }

    private Optional<String> body(Head head) {
      List<String> encoding = head.headers().getOrDefault("transfer-encoding", List.of());
      List<String> length = head.headers().getOrDefault("content-length", List.of());
      List<String> content = head.headers().getOrDefault("content-encoding", List.of());
      if (!content.stream().allMatch(coding -> coding.isEmpty() || coding.equals("identity"))) {
        return Optional.empty();
      }
      if (head.status() == 204 || head.status() == 304) {
        return Optional.of("");
      }
      if (length.stream().distinct().count() > 1) {
        // Two lengths leave a doubt, also where a transfer encoding overrides them.
        return Optional.empty();
      }
      if (!encoding.isEmpty()) {
        boolean chunked = encoding.size() == 1 && encoding.get(0).equalsIgnoreCase("chunked");
        return chunked ? chunks() : Optional.empty();
      }
      if (!length.isEmpty()) {
        boolean one = length.size() == 1 && length.get(0).matches("[0-9]{1,9}");
        return one ? next(Integer.parseInt(length.get(0))) : Optional.empty();
      }
      return next(text.length() - at);
    }

    private Optional<String> chunks() {
      StringBuilder body = new StringBuilder();
      while (true) {
        String size = line().orElse("");
        if (!size.matches("[0-9A-Fa-f]{1,7}(;[\\t -~]*+)?")) {
          return Optional.empty();
        }
        int length = Integer.parseInt(size.split(";", 2)[0], 16);
        if (length == 0) {
          break;
        }
        Optional<String> chunk = next(length);
        if (chunk.isEmpty() || !line().equals(Optional.of(""))) {
          return Optional.empty();
        }
        body.append(chunk.get());
      }
      for (Optional<String> trailer = line(); trailer.isPresent(); trailer = line()) {
        if (trailer.get().isEmpty()) {
          return Optional.of(body.toString());
        }
      }
      return Optional.empty();
    }

    private Optional<String> next(int length) {
      if (length > text.length() - at) {
        return Optional.empty();
      }
      at += length;
      return Optional.of(text.substring(at - length, at));
    }

    private Optional<String> line() {
      int end = text.indexOf('\n', at);
      if (end < 0) {
        return Optional.empty();
      }
      String line = text.substring(at, end);
      at = end + 1;
      return Optional.of(line.replaceFirst("\r\\z", ""));
    }
  }
}
