package dev.lanyard.spi;

/** How what must not be read in full is shown. */
final class Redacted {
  private Redacted() {}

  /** Shows the last four characters of an access key id: enough to compare, too few to use. */
  static String keyId(String accessKeyId) {
    return "****" + accessKeyId.substring(Math.max(0, accessKeyId.length() - 4));
  }
}
