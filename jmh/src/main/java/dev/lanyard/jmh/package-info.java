/** What Lanyard costs, beside the AWS SDK's own providers and beside the least that is possible. */
@NullMarked
package dev.lanyard.jmh;

import org.jspecify.annotations.NullMarked;
