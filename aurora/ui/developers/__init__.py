"""What integrators read: problem types, the OpenAPI document, exchanges as they went over the wire, the changelog. Data and their readers; pages are the portal's."""
