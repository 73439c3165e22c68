package dev.lanyard.samples.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** The BOM has no parent, so nothing but this keeps it at the version of the others. */
class BomTest {
  private static final Path ROOT =
      Objects.requireNonNull(Path.of("").toAbsolutePath().getParent()).getParent();

  private final Element bom = pom("bom/pom.xml");

  @Test
  void managesTheFourPublishedModulesAndNothingElse() {
    NodeList managed = bom.getElementsByTagName("dependency");
    List<String> artifacts = new ArrayList<>();
    for (int i = 0; i < managed.getLength(); i++) {
      Element dependency = (Element) managed.item(i);
      artifacts.add(text(dependency, "groupId") + ":" + text(dependency, "artifactId"));
    }

    assertThat(artifacts)
        .containsExactly(
            "dev.lanyard:lanyard-core",
            "dev.lanyard:lanyard-irsa",
            "dev.lanyard:lanyard-podidentity",
            "dev.lanyard:lanyard-testing");
    assertThat(bom.getElementsByTagName("parent").getLength())
        .as("a parent would lend its dependency management to whoever imports the BOM")
        .isZero();
  }

  @Test
  void isOfTheSameVersionAsTheModules() {
    assertThat(text(bom, "version")).isEqualTo(text(pom("pom.xml"), "version"));
  }

  /** The first element of a name is the project's own, or the dependency's. */
  private static String text(Element parent, String name) {
    return parent.getElementsByTagName(name).item(0).getTextContent().strip();
  }

  private static Element pom(String file) {
    Path path = ROOT.resolve(file);
    try (var in = Files.newInputStream(path)) {
      Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
      return document.getDocumentElement();
    } catch (IOException | SAXException | ParserConfigurationException e) {
      throw new IllegalStateException("cannot read " + path, e);
    }
  }
}
