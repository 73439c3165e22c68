package dev.lanyard.samples.services;

/** What one service does with a request whose sender is known. */
interface Service {
  /** The name in the credential scope of a signature, such as {@code s3}. */
  String name();

  /**
   * Answers an authenticated request.
   *
   * @param request the request
   * @param content what it carries, whatever the signing did to the body undone
   * @return the answer
   * @throws ServiceFailure if it cannot be done
   */
  ServiceAnswer answer(ServiceRequest request, byte[] content) throws ServiceFailure;

  /** A refusal in the service's own form and words. */
  ServiceAnswer failure(ServiceFailure failure, String rawPath);
}
