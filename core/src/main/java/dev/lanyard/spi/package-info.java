/**
 * What a source of credentials implements, and what it is given: {@link
 * dev.lanyard.spi.CredentialsSource} detects, {@link dev.lanyard.spi.CredentialsExchange}
 * exchanges.
 *
 * <p>No argument may be null unless its type says so: a method that gets one throws {@link
 * NullPointerException}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.spi;
