locals {
  shares_host = "https://${local.bucket_names.shares}.${local.s3_service}"

  # The only APIs that the page may connect to.
  page_apis = concat([
    "https://${local.bucket_names.photos}.${local.s3_service}",
    "https://cognito-identity.${local.region}.${local.dns_suffix}",
    "https://cognito-idp.${local.region}.${local.dns_suffix}",
    "https://dynamodb.${local.region}.${local.dns_suffix}",
  ], var.client ? ["https://${module.client[0].api_host}"] : [], local.shares ? [local.shares_host] : [])

  # The scheme and the host of the map's tiles.
  map_tiles_origin = var.map_tiles_url == null ? null : regex("^https://[^/]+", var.map_tiles_url)

  # Renditions are served from S3 by presigned URL: docs/decisions/0010-renditions-by-signed-url.md.
  page_headers = jsondecode(templatefile("${local.workflow_path}/site_headers.json.tftpl", {
    apis = join(" ", local.page_apis)
    images = join(" ", concat(
      ["https://${local.bucket_names.derived}.${local.s3_service}"],
      local.shares ? [local.shares_host] : [],
      local.map_tiles_origin[*],
    ))
  }))

  # What the page may do with photos. An adopted bucket is only read, and has no trash that it knows.
  page_storage = {
    for name, value in {
      delete_for_good = local.is_adopted ? null : var.delete_for_good
      key_layout      = local.is_adopted ? { for part, text in local.key_layout : part => text if text != null } : null
      read_only       = local.is_adopted ? true : null
      trash_days      = local.is_adopted ? null : var.noncurrent_version_days
    } : name => value if value != null
  }

  map_tiles = var.map_tiles_url == null ? {} : {
    map_tiles_attribution = var.map_tiles_attribution
    map_tiles_url         = var.map_tiles_url
  }

  # Pages that may use the buckets and the API. The length of the list is known in a plan, although
  # CloudFront's domain is known only after an apply. With [0] an expression depends on one output; with [*] it
  # would depend on the whole module, and page and API on each other.
  origins = concat(var.site ? [module.site[0].origin] : [], var.cors_origins)
}

module "site" {
  source = "../site"
  count  = var.site ? 1 : 0

  deployment        = local.deployment
  name              = var.name
  bucket_name       = local.bucket_names.site
  certificate_arn   = var.certificate_arn
  distribution_arns = module.shares[*].distribution_arn
  domain_name       = var.domain_name
  headers           = local.page_headers
  log_bucket        = module.logs.name
  price_class       = var.price_class

  config = merge({
    api_url             = module.client[0].api_url
    derived_bucket      = module.derived.name
    identity_pool_id    = module.client[0].identity_pool_id
    photos_bucket       = local.photos_bucket
    region              = local.region
    table               = module.table.name
    user_pool_client_id = module.client[0].user_pool_client_id
    user_pool_id        = module.client[0].user_pool_id
    }, local.page_storage, local.shares ? {
    shares_bucket = module.shares[0].bucket_name
    shares_url    = module.shares[0].url
  } : {}, local.map_tiles)
}
