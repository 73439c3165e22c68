package dev.lanyard.testing;

import com.github.tomakehurst.wiremock.core.Options;
import com.github.tomakehurst.wiremock.http.AdminRequestHandler;
import com.github.tomakehurst.wiremock.http.StubRequestHandler;
import com.github.tomakehurst.wiremock.jetty11.Jetty11HttpServer;
import com.github.tomakehurst.wiremock.jetty11.Jetty11HttpUtils;
import java.io.IOException;
import java.net.Socket;
import java.util.EnumSet;
import wiremock.jakarta.servlet.DispatcherType;
import wiremock.jakarta.servlet.Filter;
import wiremock.jakarta.servlet.FilterChain;
import wiremock.jakarta.servlet.ServletException;
import wiremock.jakarta.servlet.ServletOutputStream;
import wiremock.jakarta.servlet.ServletRequest;
import wiremock.jakarta.servlet.ServletResponse;
import wiremock.jakarta.servlet.WriteListener;
import wiremock.jakarta.servlet.http.HttpServletResponse;
import wiremock.jakarta.servlet.http.HttpServletResponseWrapper;
import wiremock.org.eclipse.jetty.servlet.FilterHolder;
import wiremock.org.eclipse.jetty.servlet.ServletContextHandler;

/**
 * WireMock's server, which lets something happen after what there is of an answer has left and
 * before the answer ends: WireMock itself has faults instead of an answer alone.
 */
final class HalfwayServer extends Jetty11HttpServer {
  /** What happens. */
  @FunctionalInterface
  interface Halfway {
    /**
     * Called on the thread that answers, once the bytes so far are on their way.
     *
     * @param connection the client's
     */
    void reached(Socket connection) throws IOException;
  }

  private final Halfway halfway;

  HalfwayServer(
      Options options, AdminRequestHandler admin, StubRequestHandler stubs, Halfway halfway) {
    super(options, admin, stubs);
    this.halfway = halfway;
  }

  @Override
  protected void decorateMockServiceContextBeforeConfig(ServletContextHandler context) {
    // The handlers are made before the field is set, and called after.
    context.addFilter(
        new FilterHolder(new BeforeTheEnd()), "/*", EnumSet.allOf(DispatcherType.class));
  }

  private final class BeforeTheEnd implements Filter {
    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
        throws IOException, ServletException {
      chain.doFilter(request, new Answer((HttpServletResponse) response));
    }
  }

  private final class Answer extends HttpServletResponseWrapper {
    Answer(HttpServletResponse response) {
      super(response);
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
      HttpServletResponse response = (HttpServletResponse) getResponse();
      return new Body(response, response.getOutputStream());
    }
  }

  private final class Body extends ServletOutputStream {
    private final HttpServletResponse response;
    private final ServletOutputStream body;

    Body(HttpServletResponse response, ServletOutputStream body) {
      this.response = response;
      this.body = body;
    }

    @Override
    public void close() throws IOException {
      Jetty11HttpUtils jetty = new Jetty11HttpUtils();
      halfway.reached(jetty.socket(jetty.unwrapResponse(response)));
      body.close();
    }

    @Override
    public void write(int b) throws IOException {
      body.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      body.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      body.flush();
    }

    @Override
    public boolean isReady() {
      return body.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      body.setWriteListener(listener);
    }
  }
}
