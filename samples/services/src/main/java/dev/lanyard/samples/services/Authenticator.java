package dev.lanyard.samples.services;

import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Decides whose request it is. A request passes only with an access key id that was issued, a
 * signature by the secret access key that was issued with it, the session token that was issued
 * with both, and before the expiration of all three.
 */
final class Authenticator {
  /** Source: Amazon S3 API reference, "Error responses", RequestTimeTooSkewed. */
  private static final Duration LARGEST_SKEW = Duration.ofMinutes(15);

  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final String service;
  private final Function<String, Optional<SessionCredentials>> issued;
  private final InstantSource clock;

  Authenticator(
      String service, Function<String, Optional<SessionCredentials>> issued, InstantSource clock) {
    this.service = service;
    this.issued = issued;
    this.clock = clock;
  }

  /**
   * Authenticates a request, body included, and undoes what the signing did to the body.
   *
   * @param request the request as it came
   * @return who sent it, and the object that it carries
   * @throws ServiceFailure if it is refused
   */
  Authenticated authenticate(ServiceRequest request) throws ServiceFailure {
    String header = request.header("authorization").orElseThrow(ServiceFailure::notSigned);
    SignatureV4.Authorization authorization = SignatureV4.Authorization.parse(header, service);
    String timestamp = request.header("x-amz-date").orElseThrow(ServiceFailure::notSigned);
    Instant now = clock.instant();
    if (Duration.between(signedAt(timestamp), now).abs().compareTo(LARGEST_SKEW) > 0) {
      throw ServiceFailure.requestTimeTooSkewed();
    }
    if (!timestamp.startsWith(authorization.date())) {
      throw ServiceFailure.malformedAuthorization("the credential's date is not the request's");
    }
    checkSignedHeaders(request, authorization.signedHeaders());

    SessionCredentials credentials =
        issued.apply(authorization.accessKeyId()).orElseThrow(ServiceFailure::unknownAccessKey);
    String contentHash = contentHash(request);
    SignatureV4 signer = new SignatureV4(credentials.secretAccessKey(), timestamp, authorization);
    String signature =
        signer.ofRequest(
            request.method(),
            request.rawPath(),
            request.rawQuery(),
            request.headers(),
            authorization.signedHeaders(),
            contentHash);
    if (!SignatureV4.same(authorization.signature(), signature)) {
      throw ServiceFailure.signatureDoesNotMatch();
    }
    String token =
        request.header("x-amz-security-token").orElseThrow(ServiceFailure::unknownAccessKey);
    if (!SignatureV4.same(token, credentials.sessionToken())) {
      throw ServiceFailure.invalidToken();
    }
    if (!now.isBefore(credentials.expiration())) {
      throw ServiceFailure.expiredToken();
    }
    return new Authenticated(
        authorization.accessKeyId(), content(request, contentHash, signer, signature));
  }

  /** Only S3 signs what a header says of the body, and insists on the header. */
  private String contentHash(ServiceRequest request) throws ServiceFailure {
    return service.equals("s3")
        ? request.header("x-amz-content-sha256").orElseThrow(ServiceFailure::contentHashMismatch)
        : SignatureV4.sha256(request.body());
  }

  private static byte[] content(
      ServiceRequest request, String contentHash, SignatureV4 signer, String signature)
      throws ServiceFailure {
    return switch (contentHash) {
      case "UNSIGNED-PAYLOAD" -> checked(request, request.body(), Map.of());
      case "STREAMING-UNSIGNED-PAYLOAD-TRAILER" -> chunked(request, null, signature);
      case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" ->
          chunked(request, signer, signature);
      default -> {
        if (!SignatureV4.sha256(request.body()).equals(contentHash)) {
          throw ServiceFailure.contentHashMismatch();
        }
        yield checked(request, request.body(), Map.of());
      }
    };
  }

  private static byte[] chunked(
      ServiceRequest request, @Nullable SignatureV4 signer, String signature)
      throws ServiceFailure {
    AwsChunked.Decoded decoded = AwsChunked.decode(request.body(), signer, signature);
    String length = Integer.toString(decoded.data().length);
    if (!request.header("x-amz-decoded-content-length").equals(Optional.of(length))) {
      throw ServiceFailure.incompleteBody("it is not as long as it says");
    }
    Optional<String> announced = request.header("x-amz-trailer");
    if (announced.isPresent() && !decoded.trailer().containsKey(announced.get())) {
      throw ServiceFailure.incompleteBody("the trailing header is missing");
    }
    return checked(request, decoded.data(), decoded.trailer());
  }

  private static byte[] checked(ServiceRequest request, byte[] data, Map<String, String> trailer)
      throws ServiceFailure {
    Checksums.verify(request.singleHeaders(), data);
    Checksums.verify(trailer, data);
    return data;
  }

  /** The host and every x-amz header must be signed, or they could be changed on the way. */
  private static void checkSignedHeaders(ServiceRequest request, List<String> signed)
      throws ServiceFailure {
    if (!signed.contains("host")) {
      throw ServiceFailure.malformedAuthorization("the host is not signed");
    }
    for (String name : request.headers().keySet()) {
      if (name.startsWith("x-amz-") && !signed.contains(name)) {
        throw ServiceFailure.malformedAuthorization(
            "a header of the request is not signed: " + name);
      }
    }
  }

  private static Instant signedAt(String timestamp) throws ServiceFailure {
    try {
      return TIMESTAMP.parse(timestamp, Instant::from);
    } catch (DateTimeParseException e) {
      throw ServiceFailure.notSigned();
    }
  }

  /**
   * A request that may be answered.
   *
   * @param accessKeyId who sent it
   * @param content the object that it carries
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Authenticated(String accessKeyId, byte[] content) {}
}
