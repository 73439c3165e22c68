/**
 * The interfaces that a source of credentials implements, and the types that they use: {@link
 * dev.lanyard.spi.CredentialsSource} detects a source, {@link dev.lanyard.spi.CredentialsExchange}
 * makes its exchanges. Once registered, a source is a link of the chain of {@link
 * dev.lanyard.EksCredentialsProvider}; a provider that asks it alone extends {@link
 * dev.lanyard.RefreshingCredentialsProvider}.
 *
 * <p>No argument may be null unless its type says so: a method that gets one throws {@link
 * NullPointerException}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.spi;
