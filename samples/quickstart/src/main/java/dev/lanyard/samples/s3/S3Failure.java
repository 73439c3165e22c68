package dev.lanyard.samples.s3;

/**
 * Why a request is refused, in S3's own terms: HTTP status, error code and message.
 *
 * <p>Source: Amazon S3 API reference, "Error responses".
 */
final class S3Failure extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String code;

  private S3Failure(int status, String code, String message) {
    super(message, null, false, false);
    this.status = status;
    this.code = code;
  }

  int status() {
    return status;
  }

  String code() {
    return code;
  }

  static S3Failure accessDenied() {
    return new S3Failure(403, "AccessDenied", "Access Denied");
  }

  static S3Failure malformedAuthorization(String what) {
    return new S3Failure(
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; " + what + ".");
  }

  /** Also S3's answer to the key id of a session that comes without its session token. */
  static S3Failure unknownAccessKey() {
    return new S3Failure(
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.");
  }

  static S3Failure signatureDoesNotMatch() {
    return new S3Failure(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided.");
  }

  static S3Failure invalidToken() {
    return new S3Failure(
        400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
  }

  static S3Failure expiredToken() {
    return new S3Failure(400, "ExpiredToken", "The provided token has expired.");
  }

  static S3Failure requestTimeTooSkewed() {
    return new S3Failure(
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the server's time is too large.");
  }

  static S3Failure contentHashMismatch() {
    return new S3Failure(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }

  static S3Failure badDigest(String algorithm) {
    return new S3Failure(
        400, "BadDigest", "The " + algorithm + " you specified did not match what we received.");
  }

  static S3Failure incompleteBody(String what) {
    return new S3Failure(400, "IncompleteBody", "The body is not aws-chunked: " + what + ".");
  }

  static S3Failure entityTooLarge() {
    return new S3Failure(
        400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.");
  }

  static S3Failure invalidArgument(String what) {
    return new S3Failure(400, "InvalidArgument", what);
  }

  static S3Failure noSuchBucket() {
    return new S3Failure(404, "NoSuchBucket", "The specified bucket does not exist");
  }

  static S3Failure noSuchKey() {
    return new S3Failure(404, "NoSuchKey", "The specified key does not exist.");
  }

  static S3Failure notImplemented(String what) {
    return new S3Failure(501, "NotImplemented", what + " is not implemented.");
  }
}
