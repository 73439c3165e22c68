/**
 * Session credentials from the EKS Pod Identity Agent, the ECS agent or any other endpoint that
 * keeps the AWS container credentials contract: one plain request on the node, which answers with
 * the session credentials of the pod's role.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.podidentity;
