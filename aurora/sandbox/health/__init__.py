"""A health centre: HL7 FHIR R4 by SMART App Launch, beside the authorization server that every agency has. Its records are made up."""
