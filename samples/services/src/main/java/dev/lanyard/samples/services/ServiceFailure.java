package dev.lanyard.samples.services;

/**
 * Why a request is refused, in the terms of S3: HTTP status, error code and message. Other services
 * translate what they have in common.
 *
 * <p>Source: Amazon S3 API reference, "Error responses".
 */
final class ServiceFailure extends Exception {
  private static final long serialVersionUID = 1L;

  static final String NOT_SIGNED = "NotSigned";

  private final int status;
  private final String code;

  ServiceFailure(int status, String code, String message) {
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

  /** No signature, or none that could be one. S3 says no more than that access is denied. */
  static ServiceFailure notSigned() {
    return new ServiceFailure(403, NOT_SIGNED, "Access Denied");
  }

  static ServiceFailure accessDenied() {
    return new ServiceFailure(403, "AccessDenied", "Access Denied");
  }

  static ServiceFailure malformedAuthorization(String what) {
    return new ServiceFailure(
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; " + what + ".");
  }

  /** Also S3's answer to the key id of a session that comes without its session token. */
  static ServiceFailure unknownAccessKey() {
    return new ServiceFailure(
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.");
  }

  static ServiceFailure signatureDoesNotMatch() {
    return new ServiceFailure(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided.");
  }

  static ServiceFailure invalidToken() {
    return new ServiceFailure(
        400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
  }

  static ServiceFailure expiredToken() {
    return new ServiceFailure(400, "ExpiredToken", "The provided token has expired.");
  }

  static ServiceFailure requestTimeTooSkewed() {
    return new ServiceFailure(
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the server's time is too large.");
  }

  static ServiceFailure contentHashMismatch() {
    return new ServiceFailure(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }

  static ServiceFailure badDigest(String algorithm) {
    return new ServiceFailure(
        400, "BadDigest", "The " + algorithm + " you specified did not match what we received.");
  }

  static ServiceFailure incompleteBody(String what) {
    return new ServiceFailure(400, "IncompleteBody", "The body is not aws-chunked: " + what + ".");
  }

  static ServiceFailure entityTooLarge() {
    return new ServiceFailure(
        400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.");
  }

  static ServiceFailure invalidArgument(String what) {
    return new ServiceFailure(400, "InvalidArgument", what);
  }

  static ServiceFailure noSuchBucket() {
    return new ServiceFailure(404, "NoSuchBucket", "The specified bucket does not exist");
  }

  static ServiceFailure noSuchKey() {
    return new ServiceFailure(404, "NoSuchKey", "The specified key does not exist.");
  }

  static ServiceFailure notImplemented(String what) {
    return new ServiceFailure(501, "NotImplemented", what + " is not implemented.");
  }
}
