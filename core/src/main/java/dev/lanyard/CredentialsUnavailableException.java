package dev.lanyard;

import dev.lanyard.spi.ExchangeException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkClientException;

/**
 * There are no credentials to give. The message says since when, why, what was tried, and what a
 * person can do about it; it holds no secret.
 *
 * <p>Each caller gets an exception of its own, with its own stack. The cause, where there is one,
 * is the {@link ExchangeException} of the last attempt, shared by all callers that waited for it.
 */
public final class CredentialsUnavailableException extends SdkClientException {
  private static final long serialVersionUID = 1L;

  private final transient CredentialsStatus status;

  CredentialsUnavailableException(
      String message, CredentialsStatus status, @Nullable ExchangeException cause) {
    super(builder(message, cause));
    this.status = status;
  }

  private static SdkClientException.Builder builder(
      String message, @Nullable ExchangeException cause) {
    SdkClientException.Builder builder = SdkClientException.builder().message(message);
    if (cause != null) {
      builder.cause(cause);
    }
    return builder;
  }

  /**
   * Returns how the provider's credentials stood when the exception was made.
   *
   * @return the status
   */
  public CredentialsStatus status() {
    return status;
  }

  /**
   * Returns what the failure means: {@code REJECTED} and {@code MISCONFIGURED} call for a person,
   * {@code TRANSIENT} for patience.
   *
   * @return the kind of the last attempt's failure; empty if no attempt has ended
   */
  public Optional<ExchangeException.Kind> kind() {
    return status.lastFailure().map(CredentialsStatus.Failure::kind);
  }
}
