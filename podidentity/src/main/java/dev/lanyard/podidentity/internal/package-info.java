/** The exchange with the EKS Pod Identity Agent or the ECS agent. Not exported: no promise. */
@org.jspecify.annotations.NullMarked
package dev.lanyard.podidentity.internal;
