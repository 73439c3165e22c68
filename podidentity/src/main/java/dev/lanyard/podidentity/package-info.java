/**
 * Session credentials from the EKS Pod Identity Agent, the ECS agent or any other endpoint that
 * follows the AWS container credentials contract: an exchange is one GET request, and the answer
 * holds the session credentials of the pod's role.
 *
 * <p>No argument may be null: a method that gets one throws {@link NullPointerException}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.podidentity;
