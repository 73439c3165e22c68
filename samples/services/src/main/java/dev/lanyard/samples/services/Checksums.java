package dev.lanyard.samples.services;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;

/**
 * The checksums that a client may send with an object, in a header or after the data.
 *
 * <p>Source: Amazon S3 user guide, "Checking object integrity".
 */
final class Checksums {
  private static final String PREFIX = "x-amz-checksum-";

  private Checksums() {}

  /**
   * Checks every checksum among some headers.
   *
   * @param headers a request's or a trailer's headers, names in lower case
   * @param data the object
   * @throws ServiceFailure if one is wrong, or of an algorithm that is not known here
   */
  static void verify(Map<String, String> headers, byte[] data) throws ServiceFailure {
    for (Map.Entry<String, String> header : headers.entrySet()) {
      if (!header.getKey().startsWith(PREFIX)) {
        continue;
      }
      String algorithm = header.getKey().substring(PREFIX.length());
      if (algorithm.equals("type") || algorithm.equals("mode")) {
        continue;
      }
      if (!of(algorithm, data).equals(header.getValue())) {
        throw ServiceFailure.badDigest(algorithm.toUpperCase(Locale.ROOT));
      }
    }
  }

  private static String of(String algorithm, byte[] data) throws ServiceFailure {
    return Base64.getEncoder()
        .encodeToString(
            switch (algorithm) {
              case "crc32" -> crc(new CRC32(), data);
              case "crc32c" -> crc(new CRC32C(), data);
              case "sha1" -> digest("SHA-1", data);
              case "sha256" -> digest("SHA-256", data);
              default -> throw ServiceFailure.notImplemented("The checksum " + algorithm);
            });
  }

  private static byte[] crc(Checksum checksum, byte[] data) {
    checksum.update(data);
    return ByteBuffer.allocate(Integer.BYTES).putInt((int) checksum.getValue()).array();
  }

  /**
   * Digests.
   *
   * @param algorithm one that every Java platform has
   * @param data any bytes
   * @return the digest
   */
  static byte[] digest(String algorithm, byte[] data) {
    try {
      return MessageDigest.getInstance(algorithm).digest(data);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has " + algorithm, e);
    }
  }
}
