/**
 * IAM roles for service accounts (IRSA): {@link dev.lanyard.irsa.IrsaCredentialsProvider} exchanges
 * the pod's web identity token for session credentials at AWS STS, and keeps them fresh.
 *
 * <p>No argument may be null: a method that gets one throws {@link NullPointerException}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.irsa;
