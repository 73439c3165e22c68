package dev.lanyard.irsa.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpAnswerTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 3",
        "content-length:3",
        "Content-Length: 3\r\nContent-Encoding: identity",
        "Content-Length: 3\r\nContent-Encoding:",
      })
  void theBodyIsAsLongAsTheHeadSays(String headers) throws Exception {
    InputStream in = in("HTTP/1.1 200 OK\r\n" + headers + "\r\n\r\nabcdef");

    assertThat(new String(HttpAnswer.read(in).body(), ISO_8859_1)).isEqualTo("abc");
    assertThat(in.available()).as("what is beyond the answer is not read").isEqualTo(3);
  }

  @Test
  void aBodyInChunksIsPutTogether() throws Exception {
    InputStream in =
        in(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "1\r\na\r\nA;x=1\r\nbcdefghijk\r\n0\r\nTrailer: x\r\n\r\nmore");

    assertThat(new String(HttpAnswer.read(in).body(), ISO_8859_1)).isEqualTo("abcdefghijk");
    assertThat(in.available()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "GZIP", "x-gzip", "br", "identity, gzip", "secret"})
  void whatIsCompressedWasNotAskedForAndIsNotUnpacked(String encoding) {
    InputStream in =
        in(
            "HTTP/1.1 400 Bad Request\r\nContent-Encoding: "
                + encoding
                + "\r\nContent-Length: 3\r\n\r\nabc");

    assertThatThrownBy(() -> HttpAnswer.read(in))
        .isInstanceOf(ProtocolException.class)
        .hasMessage("the answer is compressed, which was not asked for");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 3\r\nContent-Length: 4",
        "Transfer-Encoding: xchunked\r\nContent-Length: 3",
        "Transfer-Encoding: gzip, chunked",
      })
  void anAnswerWhoseEndIsInDoubtIsNone(String headers) {
    InputStream in = in("HTTP/1.1 200 OK\r\n" + headers + "\r\n\r\n3\r\nabc\r\n0\r\n\r\n");

    assertThatThrownBy(() -> HttpAnswer.read(in)).isInstanceOf(ProtocolException.class);
  }

  @Test
  void aBodyHasAMebibyteAtMostInAnyFraming() throws Exception {
    String full = "a".repeat(1 << 20);
    String start = "HTTP/1.1 200 OK\r\n";
    for (String most :
        new String[] {
          start + "Content-Length: 1048576\r\n\r\n" + full,
          start + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + full + "\r\n0\r\n\r\n",
          start + "\r\n" + full
        }) {
      assertThat(HttpAnswer.read(in(most)).body()).hasSize(1 << 20);
    }
    for (String more :
        new String[] {
          start + "Content-Length: 1048577\r\n\r\n" + full + "a",
          start + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + full + "\r\n1\r\na\r\n0\r\n\r\n",
          start + "\r\n" + full + "a"
        }) {
      assertThatThrownBy(() -> HttpAnswer.read(in(more)))
          .isInstanceOf(ProtocolException.class)
          .hasMessage("the answer has more than 1048576 bytes");
    }
  }

  @Test
  void aHeadHas64KibibytesAtMost() throws Exception {
    String start = "HTTP/1.1 204 No\r\nA: ";
    // Line feeds do not count.
    int room = (1 << 16) - (start + "\r\r").replace("\n", "").length();
    String most = start + "a".repeat(room) + "\r\n\r\n";

    assertThat(HttpAnswer.read(in(most)).status()).isEqualTo(204);
    assertThatThrownBy(() -> HttpAnswer.read(in(most.replace("A: ", "A: a"))))
        .isInstanceOf(ProtocolException.class)
        .hasMessage("the head of the answer is too long");
  }

  private static InputStream in(String answer) {
    return new ByteArrayInputStream(answer.getBytes(ISO_8859_1));
  }
}
