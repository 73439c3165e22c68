import org.jspecify.annotations.NullMarked;

/**
 * Session credentials from the EKS Pod Identity Agent, the ECS agent or any other endpoint that
 * follows the AWS container credentials contract.
 */
@NullMarked
module dev.lanyard.podidentity {
  requires transitive dev.lanyard;
  requires com.google.gson;
  requires org.apache.httpcomponents.core5.httpcore5;
  requires static org.jspecify;

  exports dev.lanyard.podidentity;

  provides dev.lanyard.spi.CredentialsSource with
      dev.lanyard.podidentity.internal.PodIdentitySource;
}
