"""PDF/A-3 with an embedded invoice: what ISO 19005-3 and ZUGFeRD 2 want beside the pages.

The pages have to be right already: fonts embedded, only grey colours. Nothing here looks at the clock, so the
same pages and XML always give the same bytes.
"""

from __future__ import annotations

import io
from datetime import date
from functools import cache
from hashlib import md5
from string import Template
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import ImageCms

XML_NAME = "factur-x.xml"
_PRODUCER = "ml-connector"
# Bytes 24 to 35 of an ICC profile say when it was made (ICC.1:2010, 7.2.8).
_MADE, _MADE_ON = slice(24, 36), bytes.fromhex("07d0000100010000 00000000")

_XMP = Template("""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
   <pdfaid:part>3</pdfaid:part>
   <pdfaid:conformance>B</pdfaid:conformance>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">$title</rdf:li></rdf:Alt></dc:title>
   <dc:creator><rdf:Seq><rdf:li>$author</rdf:li></rdf:Seq></dc:creator>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
   <pdf:Producer>$producer</pdf:Producer>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
   <xmp:CreatorTool>$producer</xmp:CreatorTool>
   <xmp:CreateDate>$day</xmp:CreateDate>
   <xmp:ModifyDate>$day</xmp:ModifyDate>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
    xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
    xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
   <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
    <pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
    <pdfaSchema:namespaceURI>$namespace</pdfaSchema:namespaceURI>
    <pdfaSchema:prefix>fx</pdfaSchema:prefix>
    <pdfaSchema:property><rdf:Seq>$properties</rdf:Seq></pdfaSchema:property>
   </rdf:li></rdf:Bag></pdfaExtension:schemas>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:fx="$namespace">
   <fx:DocumentType>INVOICE</fx:DocumentType>
   <fx:DocumentFileName>$xml_name</fx:DocumentFileName>
   <fx:Version>1.0</fx:Version>
   <fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""")
_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTY = Template(
    '<rdf:li rdf:parseType="Resource"><pdfaProperty:name>$name</pdfaProperty:name>'
    "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
    "<pdfaProperty:category>external</pdfaProperty:category>"
    "<pdfaProperty:description>$description</pdfaProperty:description></rdf:li>"
)
_PROPERTIES = {
    "DocumentFileName": "name of the embedded XML invoice file",
    "DocumentType": "INVOICE",
    "Version": "The actual version of the Factur-X data",
    "ConformanceLevel": "The conformance level of the Factur-X data",
}


def with_invoice(pages: bytes, xml: bytes, *, title: str, author: str, day: date) -> bytes:
    """The PDF with the invoice's XML in it, as a PDF/A-3 that says what it carries; `day` is its date."""
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pages)) as pdf:
        pdf.Root.Metadata = pdf.make_indirect(_metadata(pdf, title, author, day))
        pdf.Root.OutputIntents = Array([pdf.make_indirect(_output_intent(pdf))])
        invoice = pdf.make_indirect(_file(pdf, xml, day))
        pdf.Root.AF = pdf.make_indirect(Array([invoice]))
        pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String(XML_NAME), invoice])))
        # The metadata says it all; where both say it, both have to say the same.
        if "/Info" in pdf.trailer:
            del pdf.trailer["/Info"]
        for page in pdf.pages:
            if "/Trans" in page.obj:
                del page.obj["/Trans"]
        pdf.remove_unreferenced_resources()
        pdf.save(made, deterministic_id=True, force_version="1.7", fix_metadata_version=False)
    return made.getvalue()


def _metadata(pdf: pikepdf.Pdf, title: str, author: str, day: date) -> pikepdf.Stream:
    properties = (
        _PROPERTY.substitute(name=name, description=description) for name, description in _PROPERTIES.items()
    )
    text = _XMP.substitute(
        title=escape(title),
        author=escape(author),
        producer=_PRODUCER,
        day=f"{day:%Y-%m-%d}T00:00:00Z",
        namespace=_NAMESPACE,
        properties="".join(properties),
        xml_name=XML_NAME,
    )
    return pikepdf.Stream(pdf, text.encode(), Type=Name.Metadata, Subtype=Name.XML)


def _output_intent(pdf: pikepdf.Pdf) -> Dictionary:
    profile = pikepdf.Stream(pdf, _colour_profile(), N=3, Alternate=Name.DeviceRGB)
    return Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB"),
        RegistryName=String("http://www.color.org"),
        Info=String("sRGB IEC61966-2.1"),
        DestOutputProfile=pdf.make_indirect(profile),
    )


@cache
def _colour_profile() -> bytes:
    """An sRGB profile that does not say when it was made."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_MADE] = _MADE_ON
    return bytes(profile)


def _file(pdf: pikepdf.Pdf, xml: bytes, day: date) -> Dictionary:
    moment = String(f"D:{day:%Y%m%d}000000Z")
    content = pikepdf.Stream(
        pdf,
        xml,
        Type=Name.EmbeddedFile,
        Subtype=Name("/text/xml"),
        Params=Dictionary(
            Size=len(xml),
            CreationDate=moment,
            ModDate=moment,
            CheckSum=String(md5(xml, usedforsecurity=False).digest()),
        ),
    )
    stored = pdf.make_indirect(content)
    return Dictionary(
        Type=Name.Filespec,
        F=String(XML_NAME),
        UF=String(XML_NAME),
        Desc=String("ZUGFeRD / Factur-X invoice"),
        AFRelationship=Name.Alternative,
        EF=Dictionary(F=stored, UF=stored),
    )
