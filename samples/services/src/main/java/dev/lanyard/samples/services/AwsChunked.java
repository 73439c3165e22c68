package dev.lanyard.samples.services;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A body in the content encoding {@code aws-chunked}, which is how the AWS SDKs upload where the
 * checksum comes after the data: chunks, each signed over plain HTTP, and trailing headers.
 *
 * <p>Source: Amazon S3 API reference, "Signature calculations for the Authorization header:
 * including trailing headers".
 */
final class AwsChunked {
  private final byte[] body;
  private final @Nullable SignatureV4 signer;
  private String signature;
  private int position;

  private AwsChunked(byte[] body, @Nullable SignatureV4 signer, String signature) {
    this.body = body;
    this.signer = signer;
    this.signature = signature;
  }

  /**
   * The data, and what came after it.
   *
   * @param data the object
   * @param trailer trailing headers by name in lower case, without the signature
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Decoded(byte[] data, Map<String, String> trailer) {}

  /**
   * Decodes a body, and verifies its chunks' and its trailer's signatures where they are signed.
   *
   * @param body the body as it came
   * @param signer verifies the signatures; null if only the request's head is signed
   * @param signature the signature of the request's head
   * @return the data and the trailing headers
   * @throws ServiceFailure if the framing is broken or a signature is wrong
   */
  static Decoded decode(byte[] body, @Nullable SignatureV4 signer, String signature)
      throws ServiceFailure {
    return new AwsChunked(body, signer, signature).decode();
  }

  private Decoded decode() throws ServiceFailure {
    ByteArrayOutputStream data = new ByteArrayOutputStream(body.length);
    while (true) {
      byte[] chunk = chunk();
      if (chunk.length == 0) {
        return new Decoded(data.toByteArray(), trailer());
      }
      data.writeBytes(chunk);
      if (!line().isEmpty()) {
        throw ServiceFailure.incompleteBody("a chunk is longer than it says");
      }
    }
  }

  private byte[] chunk() throws ServiceFailure {
    String[] head = line().split(";chunk-signature=", 2);
    int size;
    try {
      size = Integer.parseInt(head[0], 16);
    } catch (NumberFormatException e) {
      throw ServiceFailure.incompleteBody("a chunk has no size");
    }
    if (size < 0 || size > body.length - position) {
      throw ServiceFailure.incompleteBody("a chunk is shorter than it says");
    }
    byte[] chunk = Arrays.copyOfRange(body, position, position + size);
    position += size;
    if (signer != null) {
      verify(signer.ofChunk(signature, chunk), head.length == 2 ? head[1] : "");
    }
    return chunk;
  }

  private Map<String, String> trailer() throws ServiceFailure {
    Map<String, String> trailer = new LinkedHashMap<>();
    StringBuilder signed = new StringBuilder();
    while (position < body.length) {
      String line = line();
      if (line.isEmpty()) {
        continue;
      }
      String[] header = line.split(":", 2);
      String name = header[0].strip().toLowerCase(Locale.ROOT);
      String value = header.length == 2 ? header[1].strip() : "";
      if (name.equals("x-amz-trailer-signature")) {
        if (signer != null) {
          verify(signer.ofTrailer(signature, signed.toString()), value);
        }
        return trailer;
      }
      trailer.put(name, value);
      signed.append(name).append(':').append(value).append('\n');
    }
    if (signer != null && !trailer.isEmpty()) {
      throw ServiceFailure.signatureDoesNotMatch();
    }
    return trailer;
  }

  private void verify(String right, String given) throws ServiceFailure {
    if (!SignatureV4.same(given, right)) {
      throw ServiceFailure.signatureDoesNotMatch();
    }
    signature = right;
  }

  /** Reads to the end of the line, which the last one need not have. */
  private String line() throws ServiceFailure {
    int start = position;
    while (position < body.length) {
      if (body[position] == '\r' && position + 1 < body.length && body[position + 1] == '\n') {
        String line = new String(body, start, position - start, StandardCharsets.UTF_8);
        position += 2;
        return line;
      }
      position++;
    }
    throw ServiceFailure.incompleteBody("a line does not end");
  }
}
